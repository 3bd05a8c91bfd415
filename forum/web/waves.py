"""Waves as moderators meet them: the list, one wave with its posts and what an act would change, and the acts."""

from typing import Any

from forum.domain import communities, ideas, reasons, waves
from forum.domain.errors import Conflict, Forbidden
from forum.domain.permissions import can, require
from forum.domain.waves import WaveFields, WaveView
from forum.web import forms, moderation, queues
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

CHOICES = (
    ("off-topic", "Put all on the off-topic track", "Readable and open for votes, but in no list and no ranking."),
    ("hold", "Hold all for a second look", "Nobody sees them. They wait on, in a case of this wave."),
    ("remove", "Remove all", "A note with the reason takes the place of each post."),
    ("keep", "This is no wave", "The posts stay, and those that wait here are published."),
)


def index(visit: Visit) -> Answer:
    """GET /moderation/waves, with `state` and `before`."""
    user = require(visit.user, "case.list")
    state = visit.query.get("state") or "open"
    before = visit.query.get("before")
    found, following = waves.index(
        visit.db,
        user,
        state,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )
    tabs = [
        {"value": key, "label": label, "url": _list_address(key), "is_current": key == state}
        for key, label in waves.STATES.items()
    ]
    page = {
        "previous_url": _list_address(state) if before else None,
        "next_url": f"{_list_address(state)}&before={following}" if following else None,
    }
    return Page("waves/index.html", {"waves": found, "tabs": tabs, "page": page, "state": state}, blocks=("results",))


def _list_address(state: str) -> str:
    return f"/moderation/waves?state={state}"


def show(visit: Visit, wave_id: int) -> Answer:
    """GET /moderation/waves/{id}, with `after` for further posts."""
    return _show(visit, wave_id, Form[WaveFields]())


def _show(visit: Visit, wave_id: int, form: Form[WaveFields], status: int = 200, notice: str = "") -> Answer:
    wave = waves.get(visit.db, visit.user, wave_id)
    user = require(visit.user, "wave.read", wave)
    rows, following = waves.members(visit.db, user, wave, after=visit.query.get("after") or None)
    places = communities.directory(visit.db)
    numbers = waves.numbers(visit.db, wave)
    preview = waves.preview(visit.db, wave)
    case_id = waves.open_case(visit.db, wave.id)
    standing, undone = waves.standing_act(visit.db, wave.id), waves.undone_act(visit.db, wave.id)
    why_not = waves.why_not(visit.db, user, wave)
    context = {
        "wave": wave,
        "numbers": numbers,
        "places": [places[place_id].name for place_id in numbers.communities if place_id in places],
        "rows": [_member(wave, row, places[row.community_id].name) for row in rows],
        "is_of_ideas": wave.subject_kind == "idea",
        "senders": [_sender(row) for row in waves.senders(visit.db, wave)],
        "acts": [_act(row) for row in waves.acts_on(visit.db, wave)],
        "preview": [_rank(preview.now, preview.ids), _rank(preview.without, preview.ids)],
        "preview_count": preview.count_now,
        "form": form,
        "choices": [choice for choice in CHOICES if choice[0] in _possible(wave, numbers)],
        "reasons": reasons.options(with_text=False),
        "case_url": queues.address(visit, f"/moderation/{case_id}") if case_id is not None else "",
        "decide_url": queues.address(visit, wave.path),
        "back_url": queues.address(visit),
        "may_decide": case_id is not None and not why_not,
        "may_undo": standing is not None and not why_not,
        "redo": waves.ACTIONS[undone.action] if undone is not None and case_id is not None and not why_not else "",
        "why_not": why_not,
        "may_set_aside": wave.subject_kind == "idea"
        and not why_not
        and can(user, "wave.decide", wave)
        and can(user, "community.edit", wave.community),
        "notice": notice,
        "page": _pages(wave, visit.query.get("after"), following),
    }
    return Page("waves/show.html", context, blocks=("posts",), status=status)


def _possible(wave: WaveView, numbers: waves.Numbers) -> set[str]:
    """What can be done with it; what is held can't be held once more."""
    is_held = not numbers.by_state.get("published")
    return set(waves.CHOICES[wave.subject_kind]) - ({"hold"} if is_held else set())


def _pages(wave: WaveView, after: str, following: str | None) -> dict[str, str | None]:
    next_url = f"{wave.path}?after={following}" if following else None
    return {"previous_url": wave.path if after else None, "next_url": next_url}


def _member(wave: WaveView, row: Any, place: str) -> dict[str, Any]:
    return {
        **row._mapping,
        "url": waves.path_of(wave, row),
        "title": waves.title_of(wave, row),
        "under": row.title if wave.subject_kind == "comment" else "",
        "community_name": place,
        "author": {
            "name": row.name,
            "handle": row.handle,
            "is_employee": row.is_employee,
            "agency_name": row.agency_name,
        },
    }


def _sender(row: Any) -> dict[str, Any]:
    return {**row._mapping, "age_days": max(0, (row.first_at - row.created_at).days)}


def _act(row: Any) -> dict[str, Any]:
    reason = reasons.label(row.reason) if row.reason else ""
    return {**row._mapping, "label": waves.ACTIONS.get(row.action, row.action), "reason_label": reason}


def _rank(rows: list[Any], ids: frozenset[int]) -> list[dict[str, Any]]:
    return [{"title": row.title, "path": ideas.path(row.id, row.slug), "is_in": row.id in ids} for row in rows]


def decide(visit: Visit, wave_id: int) -> Answer:
    """POST /moderation/waves/{id} with `action`, `reason` and `note`: one act for all posts that wait."""
    waves.get(visit.db, visit.user, wave_id)
    form = forms.read(WaveFields, visit.form)
    if message := form.errors.pop("form", None):
        form.errors["reason"] = message
    if form.data is None:
        return _show(visit, wave_id, form, status=422)
    try:
        with visit.db.begin_nested():  # a refusal shows the wave as it is
            done = waves.decide(visit.db, visit.user, wave_id, form.data)
    except Conflict as error:
        return _show(visit, wave_id, form, status=409, notice=str(error))
    return moderation.go_on(
        visit, _said(form.data.action, done), f"{waves.path(wave_id)}/undo", (waves.path(wave_id), "See this wave")
    )


def _said(action: str, done: waves.Done) -> str:
    many = f"{done.changed:,} post{'' if done.changed == 1 else 's'}"
    if action == "keep":
        return f"Dismissed. {many} published." if done.changed else "Dismissed. The posts stay as they are."
    what = {"off-topic": "on the off-topic track now", "hold": "held"}.get(action, "removed")
    return f"{many} {what}. Each author is told once."


def redo(visit: Visit, wave_id: int) -> Answer:
    """POST /moderation/waves/{id}/redo: the act that was taken back counts again."""
    try:
        with visit.db.begin_nested():  # a refusal shows the wave as it is
            done = waves.put_back(visit.db, visit.user, wave_id)
    except (Conflict, Forbidden) as error:
        return _show(visit, wave_id, Form[WaveFields](), status=409, notice=str(error))
    many = f"{done.changed:,} post{'' if done.changed == 1 else 's'}"
    left = f" {done.left:,} changed since then and stay as they are." if done.left else ""
    visit.say(
        f"The act counts again, for {many}.{left}" if done.changed else "The act counts again.",
        undo=f"{waves.path(wave_id)}/undo",
        then=waves.path(wave_id),
    )
    return Redirect(waves.path(wave_id))


def undo(visit: Visit, wave_id: int) -> Answer:
    """POST /moderation/waves/{id}/undo with `note`: the last act is taken back."""
    try:
        done = waves.take_back(visit.db, visit.user, wave_id, visit.form.get("note")[: waves.NOTE_LENGTH])
    except (Conflict, Forbidden) as error:
        return _show(visit, wave_id, Form[WaveFields](), status=409, notice=str(error))
    left = f" {done.left:,} changed since then and stay as they are." if done.left else ""
    visit.say(f"Taken back. {done.changed:,} posts are what they were before.{left}")
    return Redirect(visit.then(waves.path(wave_id)))
