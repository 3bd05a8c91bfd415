"""The comments under an idea as HTML: each made once and kept, the thread joined and kept while nothing changes."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from forum.clock import now
from forum.db import seen_version
from forum.domain import comments, drafts, moderation, reasons
from forum.domain.comments import Item, Leaf
from forum.domain.ideas import IdeaView, reference
from forum.domain.merges import threads as merged
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.shelves import Shelf
from forum.web import drafts as kept_drafts
from forum.web.forms import Form
from forum.web.render import ENVIRONMENT
from forum.web.visits import Visit

AGREES, OPEN, AGREEABLE, OWN, FRESH, SHOWN, DECIDES = 1, 2, 4, 8, 16, 32, 64
"""What the HTML of a comment depends on beside the comment: do I agree, are replies taken, may one agree, is it mine,
did I just post it, may I read it, may I decide about it."""

MOST_VIEWS = 4  # joined threads of one leaf: for people who agree with different comments, or wrote some
MINUTE = 60  # comments say how long ago they were written: made anew each minute
_SOMEBODY = Person(id=0, handle="", name="")


@dataclass(slots=True)
class _Kept:
    """One page of a thread while the database does not change: its rows, and the HTML for those who see the same."""

    mark: Hashable
    leaf: Leaf
    authors: frozenset[int]
    is_plain: bool  # all of them are published
    reasons: dict[int, str]
    origins: dict[int, str]  # top comment → reference of the merged idea that it was written on
    rights: dict[int, tuple[bool, bool, int]] = field(default_factory=dict)
    agreed: dict[int, frozenset[int]] = field(default_factory=dict)
    html: dict[Hashable, Markup] = field(default_factory=dict)


@dataclass(slots=True)
class Discussion:
    """The comments under an idea with the form below them: what comments/_thread.html shows."""

    idea: IdeaView
    user: Person | None
    page: dict[str, str | None]
    form: Form[Any]
    draft_key: str
    may_comment: bool
    why_not: str
    said: str
    fresh: int | None
    _kept: _Kept
    _agreed: frozenset[int]
    _flags: int

    @property
    def html(self) -> Markup:
        """The comments of this page for this visitor, joined. Needs no database: it is made after the commit."""
        return _html(self, self._kept, self._agreed, self._flags)


_leaves: Shelf[Hashable, _Kept] = Shelf(100)
_pieces: Shelf[tuple[str, int, int], tuple[Hashable, str]] = Shelf(6_000)


def context(visit: Visit, idea: IdeaView, *, after: int | str | None = None, **more: Any) -> dict[str, Any]:
    """What comments/_thread.html needs, for an idea that this visitor may read; `after` is the key of the page.

    `fresh`: id of a comment that takes the focus; `said`: what is said to screen readers; `form`: instead of the draft.
    """
    after = after or visit.query.get("after") or None
    kept, user = _kept_leaf(visit, idea, after), visit.user
    may_comment, is_open, flags = _rights(user, idea, kept)
    form: Form[Any] | None = more.get("form")
    discussion = Discussion(
        idea=idea,
        user=user,
        page=_pager(idea, kept.leaf, after),
        form=form if form is not None else Form(_draft(visit, idea.id)),
        draft_key=drafts.new_key() if user else "",
        may_comment=may_comment,
        why_not=_why_not(user, is_open),
        said=more.get("said", ""),
        fresh=more.get("fresh"),
        _kept=kept,
        _agreed=_agreed(visit, idea.id, kept),
        _flags=flags,
    )
    return {"idea": idea, "discussion": discussion}


def _rights(user: Person | None, idea: IdeaView, kept: _Kept) -> tuple[bool, bool, int]:
    """Whether this person may comment, whether replies are taken at all, and what HTML depends on of it."""
    user_id = user.id if user else 0
    found = kept.rights.get(user_id)
    if found is None:
        standing = _in_good_standing(user)
        is_open = can(standing, "comment.post", idea)
        flags = OPEN * is_open | AGREEABLE * can(standing, "comment.agree", _Agreeable(idea))
        flags |= DECIDES * can(user, "decision.make", _Agreeable(idea))
        found = kept.rights[user_id] = (is_open and can(user, "comment.post", idea), is_open, flags)
    return found


def _in_good_standing(user: Person | None) -> Person:
    """Whether replies are taken does not depend on a confirmed address: the form says what is missing."""
    if user is None:
        return _SOMEBODY
    return user if user.is_confirmed else replace(user, is_confirmed=True)


def _why_not(user: Person | None, is_open: bool) -> str:
    if user is not None and user.status == "suspended":
        return "Your account is suspended. You can read, but you cannot comment."
    if not is_open:
        return "The discussion is closed."
    if user is not None and not user.is_confirmed:
        return "Confirm your address to comment. We sent you a link."
    return ""


def _pager(idea: IdeaView, leaf: Leaf, after: Any) -> dict[str, str | None]:
    following = f"{idea.path}?after={leaf.next_after}#comments" if leaf.next_after else None
    return {"previous_url": f"{idea.path}#comments" if after else None, "next_url": following}


def _draft(visit: Visit, idea_id: int) -> dict[str, Any]:
    """What was typed before: a draft named in the address, or one that waited for the sign-in."""
    if visit.user is None:
        return {}
    number = visit.query.get("draft")
    if number.isdecimal() and len(number) < 19:
        draft = drafts.get(visit.db, visit.user, int(number))
        return dict(draft.fields) if (draft.kind, draft.object_id) == ("comment", idea_id) else {}
    waiting = kept_drafts.waiting(visit, "comment", idea_id)
    return dict(waiting.fields) if waiting is not None else {}


def _kept_leaf(visit: Visit, idea: IdeaView, after: Any) -> _Kept:
    """The rows of this page of the thread, from what was kept as long as nobody has changed the database."""
    version = seen_version(visit.db)
    key = (visit.settings.database_url, idea.id, comments.read_key(after))
    mark = (version, int(now().timestamp()) // MINUTE)
    kept = _leaves.get(key)
    if kept is not None and version is not None and kept.mark == mark:
        return kept
    leaf = comments.leaf(visit.db, idea.id, after)
    removed = [row.id for row in leaf.rows if row.state == "removed"]
    codes = moderation.reasons_for(visit.db, "comment", removed) if removed else {}
    labels = {comment_id: reasons.label(code) for comment_id, code in codes.items()}
    authors = frozenset(row.author_id for row in leaf.rows)
    homes = {comment_id: reference(home) for comment_id, home in merged.origins(visit.db, idea.id).items()}
    kept = _Kept(mark, leaf, authors, all(row.state == "published" for row in leaf.rows), labels, homes)
    if version is not None:
        _leaves.put(key, kept)
    return kept


def _html(discussion: Discussion, kept: _Kept, agreed: frozenset[int], flags: int) -> Markup:
    """Shared by all who see the same."""
    user, fresh = discussion.user, discussion.fresh
    sees_alike = user is None or kept.is_plain
    mine = user.id if user is not None and (user.id in kept.authors or not sees_alike) else 0
    key = (agreed, mine, flags)
    found = kept.html.get(key)
    if found is not None and fresh is None:
        return found
    parts = []
    for item in comments.view(kept.leaf, user, discussion.idea).items:
        own = OWN if item.row.author_id == mine else 0
        known = AGREES * (item.row.id in agreed) | SHOWN * item.is_shown | FRESH * (item.row.id == fresh)
        parts.append(_piece(discussion.idea, item, flags | own | known, kept))
    html = Markup("".join(parts))  # noqa: S704 - made of our own rendered templates
    if fresh is None and len(kept.html) < MOST_VIEWS:
        kept.html[key] = html
    return html


def _agreed(visit: Visit, idea_id: int, kept: _Kept) -> frozenset[int]:
    if visit.user is None:
        return frozenset()
    found = kept.agreed.get(visit.user.id)
    if found is None:
        found = kept.agreed[visit.user.id] = comments.agreed(visit.db, visit.user, idea_id)
    return found


@dataclass(frozen=True, slots=True)
class _Agreeable:
    """Any standing comment of somebody else under this idea, as the rules see it."""

    idea: IdeaView
    author_id: int = -1
    state: str = "published"

    @property
    def community_id(self) -> int:
        return self.idea.community_id

    @property
    def community_status(self) -> str:
        return self.idea.community_status

    @property
    def visibility(self) -> str:
        return self.idea.visibility


def _piece(idea: IdeaView, item: Item, flags: int, leaf: _Kept) -> str:
    """One comment: from what was kept, if everything that it shows is the same."""
    key = (idea.path, item.row.id, flags)
    reason, origin = leaf.reasons.get(item.row.id, ""), leaf.origins.get(item.row.id, "")
    fingerprint = (item.row, item.parent_name, reason, origin, int(now().timestamp()) // MINUTE, idea.language)
    kept = _pieces.get(key)
    if kept is not None and kept[0] == fingerprint:
        return kept[1]
    html = ENVIRONMENT.get_template("comments/_comment.html").render(
        comment=item.row,
        parent_name=item.parent_name,
        reason=reason,
        origin=origin,
        language=idea.language,
        is_shown=bool(flags & SHOWN),
        i_agree=bool(flags & AGREES),
        is_own=bool(flags & OWN),
        is_open=bool(flags & OPEN),
        is_agreeable=bool(flags & AGREEABLE),
        is_fresh=bool(flags & FRESH),
        may_decide=bool(flags & DECIDES),
    )
    return _pieces.put(key, (fingerprint, html))[1]
