"""Limits: how often a person or an address may do a thing, kept in rows so that they hold across processes.

A window is cut into ten parts, and a hit counts until its whole part has left the window: no real window of that length
ever holds more hits than allowed.
"""

import ipaddress
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect, Prepared
from forum.domain.errors import TooMany
from forum.domain.people import Person
from forum.models import LimitHit
from forum.models.base import aliased

PARTS = 10

PERSONAL: dict[str, tuple[tuple[int, int, int, int, int], int]] = {
    # act: (most for each trust level from 0 to 4), seconds
    "vote": ((300, 900, 3000, 3000, 9000), 3600),
    "idea": ((5, 15, 40, 80, 400), 86_400),
    "comment": ((30, 120, 400, 400, 2000), 3600),
    "agree": ((200, 600, 2000, 2000, 6000), 3600),
    "report": ((10, 40, 200, 200, 200), 3600),
    "edit": ((60, 120, 400, 400, 2000), 3600),
    "follow": ((200, 600, 2000, 2000, 2000), 3600),
    "draft": ((1500, 1500, 1500, 1500, 3000), 3600),  # a draft is kept every few seconds while somebody types
    "propose": ((2, 4, 10, 10, 10), 86_400),
    "appeal": ((10, 10, 20, 20, 20), 86_400),
    "merge": ((5, 15, 40, 80, 80), 86_400),  # proposals to merge or to split
    "account": ((30, 30, 30, 30, 30), 3600),  # changes of one's own name, address, password, settings
}
"""What one person may do how often. Administrators and moderators are not limited: they clear queues."""

ADDRESSED: dict[str, tuple[int, int]] = {
    # act: most, seconds; counted by address range or by the mail address named
    "sign-in": (25, 300),
    "sign-in-account": (25, 3600),
    "mail-code": (5, 1800),
    "mail-code-address": (30, 1800),
    "sign-up": (5, 1800),
    "draft": (20, 1800),  # kept for somebody who is not signed in
}


_Other = aliased(LimitHit)
_OTHERS = (  # hits in the window's other parts, which this statement leaves alone
    sa.select(sa.func.coalesce(sa.func.sum(_Other.hits), 0))
    .where(_Other.key == sa.bindparam("key"), _Other.window > sa.bindparam("oldest"))
    .where(_Other.window != sa.bindparam("part"))
    .scalar_subquery()
)


def _upsert(insert: Any) -> Any:
    statement = insert(LimitHit).values(key=sa.bindparam("key"), window=sa.bindparam("part"), hits=1)
    return statement.on_conflict_do_update(
        index_elements=[LimitHit.key, LimitHit.window], set_={"hits": LimitHit.hits + 1}
    ).returning((LimitHit.hits + _OTHERS).label("hits"))


_HIT = Prepared(PerDialect(_upsert))
_COUNT = Prepared(
    sa.select(LimitHit.window, LimitHit.hits).where(
        LimitHit.key == sa.bindparam("key"), LimitHit.window > sa.bindparam("oldest")
    )
)
_FORGET = sa.delete(LimitHit).where(LimitHit.window < sa.bindparam("oldest"))


def hit(db: Connection, user: Person, act: str) -> None:
    """Count one act of a person, by trust level; administrators and moderators are not limited. Raises TooMany."""
    if user.role in ("administrator", "moderator"):
        return
    most, seconds = PERSONAL[act]
    _count(db, f"{act}:{user.id}", most[max(0, min(user.trust_level, len(most) - 1))], seconds)


def hit_address(db: Connection, act: str, who: str) -> None:
    """Count one act from an address range (see `address_range`) or about a mail address. Raises TooMany."""
    most, seconds = ADDRESSED[act]
    _count(db, f"{act}:{who}", most, seconds)


def check_address(db: Connection, act: str, who: str) -> None:
    """Raise TooMany if one more such act would be refused; counts nothing. For what should not even be tried then."""
    most, seconds = ADDRESSED[act]
    moment, length = int(now().timestamp()), max(1, seconds // PARTS)
    rows = _COUNT.all(db, {"key": f"{act}:{who}", "oldest": moment - moment % length - seconds})
    if sum(row.hits for row in rows) >= most:
        raise TooMany(min(row.window for row in rows) + seconds + length - moment)


def _count(db: Connection, key: str, most: int, seconds: int) -> None:
    length = max(1, seconds // PARTS)
    moment = int(now().timestamp())
    part = moment - moment % length
    if _HIT.first(db, {"key": key, "part": part, "oldest": part - seconds}).hits > most:
        oldest = min(row.window for row in _COUNT.all(db, {"key": key, "oldest": part - seconds}))
        raise TooMany(oldest + seconds + length - moment)


@lru_cache(maxsize=4096)
def address_range(address: str) -> str:
    """The range that one household or office shares: an IPv4 address, the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address) + "/64"
    return str(parsed)


def forget(db: Connection) -> None:
    """Delete hits that no window reaches any more (addresses are kept no longer than needed)."""
    db.execute(_FORGET, {"oldest": int(now().timestamp()) - 2 * 86_400})
