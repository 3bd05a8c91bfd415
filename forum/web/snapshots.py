"""Snapshots: all of them, one with its ideas and its files, checked at a click; the policy team makes them."""

from typing import Any
from urllib.parse import urlencode

from forum.domain import directives, formulas, rankings, snapshots
from forum.domain.errors import Invalid, NotFound
from forum.domain.exports import KINDS, Origin
from forum.domain.permissions import can, require
from forum.domain.rankings import Selection
from forum.domain.snapshots import SnapshotFields, SnapshotView
from forum.web import forms
from forum.web.forms import Form
from forum.web.rankings import address, read
from forum.web.render import Answer, Data, Page, Redirect
from forum.web.visits import Visit

PREVIEWED = 10
SEAL = "seal"


def index(visit: Visit) -> Answer:
    """GET /snapshots"""
    found = [_line(view) for view in snapshots.listing(visit.db)]
    return Page("snapshots/index.html", {"snapshots": found, "may_create": can(visit.user, "snapshot.create")})


def _line(view: SnapshotView) -> dict[str, Any]:
    return {"view": view, "formula": formulas.get(view.method)}


def new(visit: Visit) -> Answer:
    """GET /snapshots/new with the choice of a ranking: what would be frozen, and how many."""
    require(visit.user, "snapshot.create")
    selection = read(visit)
    asked = visit.query.get("limit") or "50"
    return _form(visit, selection, Form({"most": asked, "title": ""}))


def create(visit: Visit) -> Answer:
    """POST /snapshots with `most`, `title` and the choice of the ranking in the address."""
    require(visit.user, "snapshot.create")
    selection = read(visit)
    form = forms.read(SnapshotFields, visit.form)
    if form.data is None:
        return _form(visit, selection, form, status=422)
    origin = Origin(visit.settings.site_name, visit.settings.base_url)
    try:
        number = snapshots.create(visit.db, visit.user, visit.signer, origin, selection, form.data)
    except Invalid as error:
        return _form(visit, selection, form.refuse(error.errors), status=422)
    visit.say(f"Snapshot {number} is made. It stays as it is for good.")
    return Redirect(f"/snapshots/{number}")


def _form(visit: Visit, selection: Selection, form: Form[Any], *, status: int = 200) -> Answer:
    context = {
        "form": form,
        "formula": formulas.get(selection.method),
        "words": rankings.in_words(visit.db, selection),
        "rows": list(rankings.records(visit.db, selection, "", most=PREVIEWED)),
        "action": address("/snapshots", selection),
        "back": address("/rankings", selection),
        "most": snapshots.MOST,
    }
    return Page("snapshots/new.html", context, blocks=("form",), status=status)


def show(visit: Visit, number: int) -> Answer:
    """GET /snapshots/{number}: some ideas a page; `after` is a rank."""
    view = snapshots.get(visit.db, number)
    after = _after(visit)
    ideas = snapshots.ideas(visit.db, number, after=after)
    became = directives.by_idea(visit.db, [idea.row.idea_id for idea in ideas])
    context = {**_frame(visit, view), **_paging(view, ideas, after), "became": became}
    return Page("snapshots/show.html", context, blocks=("ideas",))


def _after(visit: Visit) -> int:
    given = visit.query.get("after")
    if given and not (given.isascii() and given.isdigit() and len(given) < 7):
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."})
    return int(given or 0)


def _frame(visit: Visit, view: SnapshotView) -> dict[str, Any]:
    kept = {made.format: made for made in snapshots.kept(visit.db, view.number)}
    hidden = snapshots.hidden_count(visit.db, view.number)
    names = snapshots.formats_of(view.idea_count)
    return {
        "snapshot": view,
        "formula": formulas.get(view.method),
        "words": snapshots.words(visit.db, view.number),
        "files": [_file(view, name, kept.get(name), is_ready=bool(hidden) or name in kept) for name in names],
        "is_making": not hidden and len(kept) < len(names),
        "hidden": hidden,
        "sealed": [_sealed(view, name) for name in names if name in kept] if _may_read_sealed(visit) and hidden else [],
        "answered": directives.of_snapshot(visit.db, view.number),
        "live_url": f"/rankings?{urlencode(view.selection, safe=',')}",
    }


def _may_read_sealed(visit: Visit) -> bool:
    return can(visit.user, "snapshot.read_sealed")


def _file(view: SnapshotView, name: str, made: Any, *, is_ready: bool) -> dict[str, Any]:
    kind = KINDS[name]
    return {
        "label": kind.label,
        "about": kind.about,
        "url": f"{view.path}.{name}" if is_ready else "",
        "sha256": made.sha256 if made else "",
        "size": made.size if made else 0,
    }


def _sealed(view: SnapshotView, name: str) -> dict[str, str]:
    return {"label": KINDS[name].label, "url": f"{view.path}.{name}?sealed=yes"}


def _paging(view: SnapshotView, ideas: list[Any], after: int) -> dict[str, Any]:
    last = ideas[-1].row.rank if ideas else after
    before = max(0, after - snapshots.PAGE)
    return {
        "ideas": ideas,
        "pages": {
            "previous_url": f"{view.path}?after={before}" if after else None,
            "next_url": f"{view.path}?after={last}" if ideas and last < view.idea_count else None,
        },
    }


def check(visit: Visit, number: int) -> Answer:
    """GET /snapshots/{number}/check: everything worked out again, now."""
    view = snapshots.get(visit.db, number)
    report = snapshots.verify(visit.db, visit.signer, number)
    return Page("snapshots/check.html", {"snapshot": view, "report": report}, blocks=("checks",), is_cacheable=False)


def download(visit: Visit, number: int, name: str) -> Answer:
    """GET /snapshots/{number}.{name}: a file, or the sealed record; with `sealed=yes` the first edition."""
    if name == SEAL:
        content, kind = snapshots.content(visit.db, number), "application/json; charset=utf-8"
        return _data(content, kind, f"snapshot-{number}-seal.json")
    if name not in KINDS:
        raise NotFound("There is no such file of this snapshot.")
    is_sealed = visit.query.get("sealed") == "yes"
    content = snapshots.download(visit.db, visit.user, number, name, is_sealed=is_sealed)
    return _data(content, KINDS[name].media_type, f"snapshot-{number}.{name}")


def _data(content: bytes, media_type: str, name: str) -> Data:
    disposition = f'attachment; filename="{name}"'.encode("ascii")
    return Data(content, media_type, headers=((b"content-disposition", disposition),), is_cacheable=False)
