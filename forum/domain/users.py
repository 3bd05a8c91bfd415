"""Users as administrators see them: found, given a role, marked as public employees; every change is written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel

from forum.db import Connection
from forum.domain import account_mails, accounts, sessions
from forum.domain.account_mails import Sender
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.lists import Listing
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.proofs import require_fresh
from forum.domain.sessions import Visitor
from forum.models import User, UserChange
from forum.text.names import handle as to_handle
from forum.text.names import tidy_line

PAGE = 50
KINDS = {"": "Everyone", "staff": "Staff", "employee": "Public employees", "suspended": "Suspended"}
"""Which users a list shows: code → label."""

ROLE_LABELS = {
    "citizen": "Citizen",
    "moderator": "Moderator",
    "policy": "Policy team",
    "administrator": "Administrator",
}

_COLUMNS = (
    User.id,
    User.handle,
    User.name,
    User.email,
    User.role,
    User.status,
    User.is_employee,
    User.agency_name,
    User.job_title,
    User.trust_level,
    User.kept_count,
    User.email_confirmed_at,
    User.created_at,
)
_KIND_IS: dict[str, Any] = {
    "": sa.true(),
    "staff": User.role != "citizen",
    "employee": User.is_employee,
    "suspended": User.status == "suspended",
}
_matches = sa.or_(
    User.handle.like(sa.bindparam("by_handle"), escape="\\"),
    User.name.ilike(sa.bindparam("by_name"), escape="\\"),
    User.email.like(sa.bindparam("by_email"), escape="\\"),
)


def _build(kind: str, is_search: bool) -> Any:
    statement: Any = sa.select(*_COLUMNS).where(_KIND_IS[kind], User.status != "deleted")
    statement = statement.where(User.id < sa.bindparam("after_id", type_=sa.BigInteger))
    statement = statement.where(_matches) if is_search else statement
    return statement.order_by(User.id.desc()).limit(sa.bindparam("most"))


_FIND = {(kind, is_search): _build(kind, is_search) for kind in KINDS for is_search in (False, True)}
_GET = sa.select(*_COLUMNS).where(User.id == sa.bindparam("user_id"))
_GET_LOCKED = _GET.with_for_update()
_ADMINISTRATORS = (
    sa.select(User.id).where(User.role == "administrator", User.status == "active").order_by(User.id).with_for_update()
)
_SET = (
    sa.update(User)
    .where(User.id == sa.bindparam("whose"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("role", "is_employee", "agency_name", "job_title")})
)
_by = User.__table__.alias("by_user")
_CHANGES = (
    sa.select(
        UserChange.kind,
        UserChange.before,
        UserChange.after,
        _by.c.name.label("by_name"),
        _by.c.handle.label("by_handle"),
        UserChange.created_at,
    )
    .join_from(UserChange, _by, _by.c.id == UserChange.by_id, isouter=True)
    .where(UserChange.user_id == sa.bindparam("user_id"))
    .order_by(UserChange.id.desc())
    .limit(200)
)
LAST_ID = 2**62


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an account, as administrators read it."""

    kind: str
    before: str
    after: str
    by_name: str | None
    by_handle: str | None
    created_at: datetime


def _line(value: str) -> str:
    line = tidy_line(value)
    if len(line) > 120:
        raise ValueError("Please keep this to 120 characters.")
    return line


class UserFields(BaseModel):
    """What an administrator sets."""

    role: Literal["citizen", "moderator", "policy", "administrator"]
    is_employee: bool = False
    agency_name: Annotated[str, AfterValidator(_line)] = ""
    job_title: Annotated[str, AfterValidator(_line)] = ""


def find(db: Connection, user: Person | None, *, query: str = "", kind: str = "", after: str | None = None) -> Listing:
    """Users of a kind (KINDS), the newest first, whose name, handle or address has the query in it.

    Reads through all users where a query is given: slow at millions, so never on a hot path.
    """
    require(user, "user.mark")
    if kind not in KINDS:
        raise Invalid({"kind": "There is no such list."})
    after_id = int(after) if after and after.isascii() and after.isdigit() and len(after) < 19 else LAST_ID
    parameters: dict[str, Any] = {"after_id": after_id, "most": PAGE + 1}
    words = tidy_line(query)[:100]
    if words:
        by_handle = to_handle(words, fallback="") or words
        parameters |= {"by_handle": _like(by_handle), "by_name": _like(words), "by_email": _like(words.lower())}
    rows = list(db.execute(_FIND[kind, bool(words)], parameters))
    return Listing(rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else None)


def _like(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def get(db: Connection, user: Person | None, user_id: int, *, to_change: bool = False) -> Any:
    """One user with everything administrators see. NotFound if there is none."""
    require(user, "user.mark")
    row = db.execute(_GET_LOCKED if to_change else _GET, {"user_id": user_id}).first()
    if row is None or row.status == "deleted":
        raise NotFound("There is no such user.")
    return row


def changes(db: Connection, user: Person | None, user_id: int) -> list[Change]:
    """What was changed about this user, the last first."""
    require(user, "user.mark")
    return [Change(**row._mapping) for row in db.execute(_CHANGES, {"user_id": user_id})]


def change(db: Connection, visitor: Visitor | None, sender: Sender, user_id: int, fields: UserFields) -> bool:
    """Set role and capacity of a user. Their sessions end, they get a mail, and each change is a row of user_changes.

    True if anything changed. Needs a fresh proof. Invalid for somebody without an account of their own, Conflict when
    the last administrator would go.
    """
    by = require(require_fresh(visitor), "user.mark")
    if fields.role != "administrator":
        require_another_administrator(db, user_id)
    before = get(db, by, user_id, to_change=True)
    if before.status == "imported" and fields.role != "citizen":
        raise Invalid({"role": "This person came from an earlier site and has no account here."})
    agency, title = (fields.agency_name, fields.job_title) if fields.is_employee else ("", "")
    was = _capacity(before.is_employee, before.agency_name, before.job_title)
    becomes = _capacity(fields.is_employee, agency, title)
    if (before.role, was) == (fields.role, becomes):
        return False
    new = {"role": fields.role, "is_employee": fields.is_employee, "agency_name": agency, "job_title": title}
    db.execute(_SET, {"whose": user_id, **{f"new_{name}": value for name, value in new.items()}})
    if before.role != fields.role:
        accounts.note_change(db, user_id, by.id, "role", before.role, fields.role)
    if was != becomes:
        accounts.note_change(db, user_id, by.id, "employee", was, becomes)
    sessions.end_all(db, user_id)
    if before.email:
        what = f"Role: {ROLE_LABELS[fields.role]}. Public employee: {becomes or 'no'}."
        account_mails.role_changed(db, sender, before.email, user_id, what)
    return True


def require_another_administrator(db: Connection, user_id: int) -> None:
    """Raise Conflict if this is the only administrator. Locks those there are until the commit."""
    if set(db.execute(_ADMINISTRATORS).scalars()) == {user_id}:
        raise Conflict("This is the only administrator. Please make somebody else one first.")


def _capacity(is_employee: bool, agency_name: str, job_title: str) -> str:
    return ", ".join(part for part in (agency_name or "no agency named", job_title) if part) if is_employee else ""
