"""The page of one idea, its edit history, its similar ideas, its QR code.

Its parts are kept as HTML, each made again only when what it shows changes, and put into a shell that is kept as well.
"""

import io
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from typing import Any, TypeVar

import segno
from markupsafe import Markup

from forum.clock import now
from forum.db import remembered
from forum.domain import (
    asides,
    directives,
    follows,
    ideas,
    moderation,
    progress,
    reasons,
    revisions,
    similar,
    themes,
    votes,
)
from forum.domain.directives import Became, CitedBy
from forum.domain.ideas import IdeaView
from forum.domain.merges import splits, views
from forum.domain.merges.views import Included, Relation
from forum.domain.permissions import can, require
from forum.domain.progress import ChangeView
from forum.domain.similar import SimilarIdea
from forum.domain.themes import ThemeLink
from forum.shelves import Shelf
from forum.text import to_html
from forum.web import merged, shells, tallies, threads
from forum.web.render import ENVIRONMENT, HOLE, Answer, Data, Page, Redirect
from forum.web.visits import Visit

MINUTE = 60  # seconds; parts say how long ago things were, so they are made anew each minute
HALF_MINUTE = 30  # seconds; rights change by the clock, as phases begin
SIMILAR_SECONDS = 600.0  # so long the ideas found similar to one are taken for granted
ACTS = ("edit", "withdraw", "set_status", "move", "merge", "split")

Likeness = tuple[float, tuple[int, ...]]
_similar: Shelf[tuple[str, int], Likeness] = Shelf(5_000)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the parts of a page show: their fingerprint and their templates' context in one."""

    idea: IdeaView
    share_url: str
    history: tuple[ChangeView, ...]
    similar: tuple[SimilarIdea, ...] | None  # None: not looked for yet
    included: tuple[Included, ...]
    relations: tuple[Relation, ...]
    asides: tuple[int, ...]  # decisions that hold votes aside
    cited_by: tuple[CitedBy, ...]
    became: tuple[Became, ...]  # of it, and of what was merged into it
    theme: ThemeLink | None
    minute: int


@dataclass(frozen=True, slots=True)
class Mine:
    """What a page shows of its reader: what they did, and what they may do."""

    my_vote: int
    is_following: bool
    is_reader: bool
    may: dict[str, bool]


T = TypeVar("T")
Parts = dict[str, Markup]
_parts: Shelf[Hashable, tuple[Any, Parts]] = Shelf(1_000)
_tallies: Shelf[Hashable, tuple[Any, Markup]] = Shelf(1_000)
_links: Shelf[Hashable, tuple[Any, Markup]] = Shelf(1_000)


def show(visit: Visit, idea_id: int, slug: str = "") -> Answer:
    """GET /ideas/{id}-{slug}; a wrong or missing slug leads to the right address."""
    db, user = visit.db, visit.user
    idea = ideas.get(db, user, idea_id)
    if idea.state == "merged" and (onward := merged.lead_on(visit, idea)) is not None:
        return onward
    slot = int(now().timestamp()) // HALF_MINUTE
    mine = remembered(db, ("mine", user.id if user else 0, idea_id, slot), lambda: _mine(visit, idea))
    if visit.path != idea.path and mine.is_reader:
        return Redirect(idea.path + (f"?{visit.query_string}" if visit.query_string else ""), status=301)
    thread = threads.context(visit, idea)
    if not mine.is_reader:
        return _tombstone(visit, idea, thread)
    facts, parts = _kept_parts(visit, idea)
    fills = {
        **parts,
        "tally": _tally(idea, mine.my_vote),
        "links": _acts(idea, mine),
        "came": merged.banner(visit, idea),
    }
    return _page(visit, {"idea": idea, "share_url": facts.share_url}, fills, thread["discussion"])


def _page(visit: Visit, frame: dict[str, Any], fills: Parts, discussion: Any) -> Answer:
    """The page in its kept shell; as a whole when it holds a draft or a message, which are one visitor's alone."""
    idea, user, shown = frame["idea"], visit.user, discussion.html
    if visit.flash or discussion.form.values or discussion.form.errors or discussion.said:
        return Page("ideas/show.html", {**frame, **fills, "discussion": discussion}, blocks=("comments",))
    key = (
        (idea.title, idea.excerpt, idea.language, idea.state, idea.is_public, idea.comment_count, frame["share_url"]),
        (bool(shown), discussion.may_comment, discussion.why_not, *discussion.page.values()),
        (user is None, user is not None and user.is_employee and user.agency_name),
    )

    def context() -> dict[str, Any]:
        holes = {name: Markup(f"{HOLE}{name}{HOLE}") for name in ("thread", "draft_key")}  # noqa: S704 - names of ours
        names = ("form", "page", "may_comment", "why_not", "said")
        outline = {name: getattr(discussion, name) for name in names}
        html = holes["thread"] if shown else shown
        return {**frame, "discussion": SimpleNamespace(**outline, html=html, draft_key=holes["draft_key"])}

    more = {"thread": shown, "draft_key": Markup(discussion.draft_key)}  # noqa: S704 - a random key, URL-safe
    return shells.compose(visit, "ideas/show.html", key, context, {**fills, **more}, blocks=("comments",))


def _mine(visit: Visit, idea: IdeaView) -> Mine:
    db, user = visit.db, visit.user
    may = {act: can(user, f"idea.{act}", idea) for act in ACTS}
    may["report"] = idea.state in ("published", "off-topic") and (user is None or user.id != idea.author_id)
    may["decide"] = can(user, "decision.make", idea)
    my_vote = votes.mine(db, user, [idea.id]).get(idea.id, 0)
    is_following = follows.is_following(db, user, "idea", idea.id)
    return Mine(my_vote, is_following, can(user, "idea.read_text", idea), may)


def _tally(idea: IdeaView, my_vote: int) -> Markup:
    shown = (idea.title, idea.up, idea.down, idea.is_votable, idea.vote_kind)
    context = {"idea": idea, "my_vote": my_vote, "said": ""}
    return _kept(_tallies, (idea.id, my_vote), shown, lambda: _part("_tally", context))


def _acts(idea: IdeaView, mine: Mine) -> Markup:
    """Buttons for what the reader may do."""
    context = {"idea": idea, "may": mine.may, "is_following": mine.is_following}
    shown = (mine.is_following, *mine.may.values())
    return _kept(_links, (idea.path, shown), shown, lambda: _part("_links", context))


def _kept_parts(visit: Visit, idea: IdeaView) -> tuple[Facts, Parts]:
    """What is the same for everybody who may read it, from what was kept as long as it is true."""
    minute = int(now().timestamp()) // MINUTE
    is_similar_known = _likeness(visit, idea.id) is not None
    key = ("idea page", idea.id, minute, is_similar_known)
    facts = remembered(visit.db, key, lambda: _facts(visit, idea, minute))
    return facts, _kept(_parts, idea.id, facts, lambda: _render(facts))


def _render(facts: Facts) -> Parts:
    idea = facts.idea
    context = {
        "idea": idea,
        "share_url": facts.share_url,
        "history": facts.history,
        "steps": progress.steps(idea, facts.history),
        "notes": [(note, Markup(to_html(note.note))) for note in progress.notes(facts.history)],  # noqa: S704 - safe by to_html
        "tallies": tallies.rows(idea),
        "asides": facts.asides,
        "similar": facts.similar,
        "included": facts.included,
        "relations": facts.relations,
        "cited_by": facts.cited_by,
        "became": facts.became,
        "theme": facts.theme,
        "moment": now(),
    }
    return {name: _part(f"_{name}", context) for name in ("words", "voters", "standing", "beside")}


def _kept(shelf: Shelf[Hashable, tuple[Any, T]], key: Hashable, shown: Any, make: Callable[[], T]) -> T:
    """What stands on the shelf, as long as it shows this."""
    kept = shelf.get(key)
    if kept is not None and kept[0] == shown:
        return kept[1]
    return shelf.put(key, (shown, make()))[1]


def _part(name: str, context: dict[str, Any]) -> Markup:
    return Markup(ENVIRONMENT.get_template(f"ideas/{name}.html").render(context))  # noqa: S704 - our own template


def _facts(visit: Visit, idea: IdeaView, minute: int) -> Facts:
    ids = _likeness(visit, idea.id)
    # For everybody's eyes: the part is shared, so it names public ideas alone.
    found = None if ids is None else tuple(similar.load(visit.db, None, ids))
    included, relations = views.includes(visit.db, idea), views.relations(visit.db, idea)
    held = tuple(asides.decision_ids(visit.db, idea.id)) if idea.aside_up or idea.aside_down else ()
    history = progress.changes(visit.db, idea.id)
    whole = [idea.id, *(one.id for one in included)]
    cited_by, became = directives.about(visit.db, whole)
    return Facts(
        idea,
        visit.url(idea.path),
        history,
        found,
        included,
        relations,
        held,
        tuple(cited_by),
        tuple(became),
        themes.of_idea(visit.db, idea.id),
        minute,
    )


def _tombstone(visit: Visit, idea: IdeaView, thread: dict[str, Any]) -> Answer:
    """What is left at the address of an idea that was removed or withdrawn: why, what became of it, the discussion."""
    history = progress.changes(visit.db, idea.id)
    last = next((change for change in reversed(history) if change.kind == idea.state), None)
    code = moderation.reason_for(visit.db, "idea", idea.id) if idea.state == "removed" else ""
    reason = reasons.label(code) if code else ""
    split = splits.of_part(visit.db, idea.id)
    is_unsplit = split is not None and split.undone_at is not None and idea.state == "withdrawn"
    shown = {"last": last, "reason": reason, "steps": progress.steps(idea, history), "is_unsplit": is_unsplit}
    context = {"idea": idea, "split": split, **shown, **thread}
    return Page("ideas/tombstone.html", context, blocks=("comments",))


def show_similar(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/similar: looks for ideas like this one; the page of the idea shows them from then on."""
    idea = ideas.get(visit.db, visit.user, idea_id)
    require_text(visit, idea)
    ids = _likeness(visit, idea_id)
    if ids is None:
        ids = similar.ids_like(visit.db, idea)
        _similar.put((visit.settings.database_url, idea_id), (monotonic() + SIMILAR_SECONDS, ids))
    found = similar.load(visit.db, None, ids)
    context = {"idea": idea, "similar": found}
    return Page("ideas/similar.html", context, blocks=("panel",), is_cacheable=not visit.is_htmx)


def _likeness(visit: Visit, idea_id: int) -> tuple[int, ...] | None:
    kept = _similar.get((visit.settings.database_url, idea_id))
    return kept[1] if kept is not None and kept[0] > monotonic() else None


def history(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/history: every visible edit, with what it took away and what it added."""
    idea = ideas.get(visit.db, visit.user, idea_id)
    require_text(visit, idea)
    text = revisions.Text(idea.title, idea.body, idea.why)
    found = revisions.history(visit.db, "idea", idea_id, text, before=visit.query.get("before"))
    older = f"/ideas/{idea_id}/history?before={found.next_before}" if found.next_before else None
    newest = f"/ideas/{idea_id}/history" if visit.query.get("before") else None
    context = {"idea": idea, "history": found, "page": {"previous_url": newest, "next_url": older}}
    return Page("ideas/history.html", context, blocks=("versions",))


def qr(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/qr.svg: the address of the idea as a QR code."""
    idea = ideas.get(visit.db, visit.user, idea_id)
    out = io.BytesIO()
    code = segno.make(visit.url(f"/ideas/{idea.id}"), error="m", micro=False)
    code.save(out, kind="svg", border=4, omitsize=True, dark="#000", light="#fff", xmldecl=False)
    return Data(out.getvalue(), "image/svg+xml")


def require_text(visit: Visit, idea: IdeaView) -> None:
    """Go on only if this visitor may read the words of the idea."""
    if not can(visit.user, "idea.read_text", idea):
        require(visit.user, "idea.read_text", idea)
