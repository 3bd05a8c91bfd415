"""Pages of communities: the list, one community, proposing, opening, editing, joining."""

from datetime import UTC, datetime
from typing import Any

from forum import text
from forum.domain import agencies, communities, follows, founding, lists, members
from forum.domain.communities import CommunityView
from forum.domain.errors import Invalid
from forum.domain.founding import CommunityFields, Phase, ProposalFields
from forum.domain.permissions import can, require
from forum.web import forms
from forum.web import lists as idea_lists
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

PHASE_LABELS = {
    "brainstorm": "Brainstorm: post, vote and comment",
    "discuss": "Discussion: vote and comment",
    "draft": "Drafting: comment only",
    "closed": "Closed: read only",
}
CAN_DO = {
    "brainstorm": "you can post ideas, vote and comment",
    "discuss": "you can vote and comment",
    "draft": "you can comment while the policy team drafts",
    "closed": "you can read everything",
}


def index(visit: Visit) -> Answer:
    """GET /communities"""
    groups: dict[str, list[CommunityView]] = {}
    for place in communities.directory(visit.db).values():
        if place.status in ("open", "archived") and can(visit.user, "community.read", place):
            groups.setdefault(place.group_name, []).append(place)
    shown = [{"name": name, "communities": places} for name, places in groups.items()]
    is_administrator = can(visit.user, "community.open")
    context = {
        "groups": shown,
        "joined": visit.user.joined if visit.user else frozenset(),
        "may_propose": visit.user is None or can(visit.user, "community.propose"),
        "proposed_count": len(founding.proposed(visit.db, visit.user)) if is_administrator else 0,
    }
    return Page("communities/index.html", context)


def show(visit: Visit, slug: str) -> Answer:
    """GET /c/{slug}: with its ideas, sorted and filtered as everywhere."""
    place = communities.get(visit.db, visit.user, slug)
    return idea_lists.page(
        visit,
        f"/c/{slug}",
        lambda filters, _: f"{place.name}: {lists.SORTS[filters.sort].lower()}",
        "communities/show.html",
        place=place,
        about=lambda: _about(visit, place),
        about_key=(visit.user and (visit.user.id, _membership(visit, place)["is_following"], visit.user.joined)),
    )


def _about(visit: Visit, place: CommunityView) -> dict[str, Any]:
    user = visit.user
    return {
        "community": place,
        "guidelines_html": text.to_html(place.guidelines),
        "managers": members.managers(visit.db, place.id),
        "can_do": CAN_DO[place.phase],
        "next_can_do": CAN_DO[place.next_phase] if place.next_phase else "",
        "suggested": founding.suggested_tags(visit.db, place.id),
        **_membership(visit, place),
        "rights": {
            "join": can(user, "community.join", place) or user is None,
            "post": can(user, "idea.draft", place),
            "edit": can(user, "community.edit", place),
            "open": can(user, "community.open", place),
        },
    }


def _membership(visit: Visit, place: CommunityView) -> dict[str, Any]:
    is_following = visit.user is not None and follows.is_following(visit.db, visit.user, "community", place.id)
    return {"is_member": visit.user is not None and place.id in visit.user.joined, "is_following": is_following}


def join(visit: Visit, slug: str) -> Answer:
    """POST /c/{slug}/join: `value` 1 or 0 for membership, or `follow` 1 or 0."""
    place = communities.get(visit.db, visit.user, slug)
    if "follow" in visit.form:
        is_wanted = visit.form.get("follow") == "1"
        (follows.follow if is_wanted else follows.remove)(visit.db, visit.user, "community", place.id)
        said = "You follow this community now." if is_wanted else "You do not follow this community any more."
        state = {"is_member": visit.user is not None and place.id in visit.user.joined, "is_following": is_wanted}
    else:
        is_wanted = visit.form.get("value") != "0"
        (members.join if is_wanted else members.leave)(visit.db, visit.user, place)
        said = "You have joined. You will hear of new ideas here." if is_wanted else "You have left this community."
        state = {"is_member": is_wanted, "is_following": is_wanted}
    if visit.is_htmx:
        context = {"community": place, "rights": {"join": True}, "said": said, **state}
        return Page("communities/_membership.html", context)
    visit.say(said)
    return Redirect(f"/c/{slug}")


def guidelines(visit: Visit, slug: str) -> Answer:
    """GET /c/{slug}/guidelines: the present version and all before it."""
    place = communities.get(visit.db, visit.user, slug)
    versions = [
        {"number": row.version, "html": text.to_html(row.body), "at": row.created_at, "name": row.name}
        for row in founding.guideline_versions(visit.db, place.id)
    ]
    return Page("communities/guidelines.html", {"community": place, "versions": versions})


def new(visit: Visit) -> Answer:
    """GET /communities/new"""
    require(visit.user, "community.propose")
    return Page("communities/new.html", {"form": Form[ProposalFields](), "groups": _groups(visit)})


def create(visit: Visit) -> Answer:
    """POST /communities"""
    form = forms.read(ProposalFields, visit.form)
    require(visit.user, "community.propose")
    if form.data is None:
        return Page("communities/new.html", {"form": form, "groups": _groups(visit)}, status=422)
    slug = founding.propose(visit.db, visit.user, form.data)
    visit.say("Thank you. An administrator will look at your proposal and tell you.")
    return Redirect(f"/c/{slug}")


def _groups(visit: Visit) -> list[str]:
    names = {place.group_name for place in communities.directory(visit.db).values() if place.group_name}
    return sorted(names)


def proposed(visit: Visit) -> Answer:
    """GET /communities/proposed: what waits for an administrator."""
    return Page("communities/proposed.html", {"proposals": founding.proposed(visit.db, visit.user)})


def decide(visit: Visit, slug: str) -> Answer:
    """POST /c/{slug}/decide: `decision` open or decline, with a note."""
    place = communities.get(visit.db, visit.user, slug)
    if (decision := visit.form.get("decision")) not in ("open", "decline"):
        raise Invalid({"decision": "Please choose to open or to decline."})
    founding.decide(visit.db, visit.user, place, is_opened=decision == "open", note=visit.form.get("note"))
    visit.say(f"{place.name} is open now." if decision == "open" else f"{place.name} is declined.")
    return Redirect("/communities/proposed")


def archive(visit: Visit, slug: str) -> Answer:
    """POST /c/{slug}/archive: `value` 1 archives, 0 opens again."""
    place = communities.get(visit.db, visit.user, slug)
    is_archived = visit.form.get("value") == "1"
    founding.archive(visit.db, visit.user, place, is_archived=is_archived)
    visit.say(
        "The community is archived. Everything stays readable." if is_archived else "The community is open again."
    )
    return Redirect(f"/c/{slug}")


def edit(visit: Visit, slug: str) -> Answer:
    """GET /c/{slug}/edit"""
    place = communities.get(visit.db, visit.user, slug)
    require(visit.user, "community.edit", place)
    return _edit_page(visit, place, Form(_values(visit, place)))


def update(visit: Visit, slug: str) -> Answer:
    """POST /c/{slug}/edit: all fields, and up to four phases with their dates."""
    place = communities.get(visit.db, visit.user, slug)
    require(visit.user, "community.edit", place)
    form = forms.read(CommunityFields, visit.form)
    form.values.update({name: value for name, value in visit.form.items() if name.startswith("phase_")})
    steps, wrong = _read_phases(visit)
    if form.data is None or wrong:
        return _edit_page(visit, place, form.refuse(wrong), status=422)
    try:
        founding.set_phases(visit.db, visit.user, place, steps)
        founding.edit(visit.db, visit.user, place, form.data)
    except Invalid as error:
        return _edit_page(visit, place, form.refuse(error.errors), status=422)
    visit.say("The changes are saved.")
    return Redirect(f"/c/{slug}")


def _edit_page(visit: Visit, place: CommunityView, form: Form[Any], status: int = 200) -> Answer:
    context = {
        "community": place,
        "form": form,
        "groups": _groups(visit),
        "phase_labels": list(PHASE_LABELS.items()),
        "rows": range(1, founding.MOST_PHASES + 1),
        "managers": members.managers(visit.db, place.id),
        "agency_names": [agency.name for agency in agencies.everyone(visit.db)],
        "rights": {
            "appoint": can(visit.user, "community.appoint", place),
            "archive": can(visit.user, "community.archive", place),
        },
    }
    return Page("communities/edit.html", context, status=status)


def _values(visit: Visit, place: CommunityView) -> dict[str, Any]:
    names = (
        "name",
        "purpose",
        "group_name",
        "guidelines",
        "visibility",
        "posting",
        "moderation",
        "vote_kind",
        "banner",
    )
    values: dict[str, Any] = {name: getattr(place, name) for name in names}
    values["most_links"] = "" if place.most_links is None else place.most_links
    values["spam_threshold"] = "" if place.spam_threshold is None else round(place.spam_threshold * 100)
    values["tags"] = ", ".join(founding.suggested_tags(visit.db, place.id))
    values["agencies"] = "\n".join(agency.name for agency in place.agencies)
    for number, step in enumerate(founding.phases(visit.db, place.id), 1):
        values[f"phase_{number}"] = step.phase
        values[f"phase_{number}_at"] = step.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return values


def _read_phases(visit: Visit) -> tuple[list[Phase], dict[str, str]]:
    steps: list[Phase] = []
    wrong: dict[str, str] = {}
    for number in range(1, founding.MOST_PHASES + 1):
        phase, given = visit.form.get(f"phase_{number}"), visit.form.get(f"phase_{number}_at")
        if not phase:
            continue
        try:
            steps.append(Phase(phase, datetime.strptime(given[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)))
        except ValueError:
            wrong[f"phase_{number}_at"] = "Please give the day and time when this phase begins."
    return steps, wrong


def appoint(visit: Visit, slug: str) -> Answer:
    """POST /c/{slug}/managers: `handle` becomes a manager, or is released with `release`."""
    place = communities.get(visit.db, visit.user, slug)
    if released := visit.form.get("release"):
        members.release(visit.db, visit.user, place, released)
        visit.say("This person does not manage the community any more.")
        return Redirect(f"/c/{slug}/edit")
    try:
        members.appoint(visit.db, visit.user, place, visit.form.get("handle"))
    except Invalid as error:
        form: Form[Any] = Form({**_values(visit, place), "handle": visit.form.get("handle")}, error.errors)
        return _edit_page(visit, place, form, status=422)
    visit.say("The community has a new manager.")
    return Redirect(f"/c/{slug}/edit")


def agency(visit: Visit, slug: str) -> Answer:
    """GET /agencies/{slug}: its communities, and the ideas in them."""
    office = agencies.get(visit.db, slug)
    ids = set(agencies.community_ids(visit.db, office.id))
    places = [
        place
        for place in communities.directory(visit.db).values()
        if place.id in ids and place.status in ("open", "archived") and can(visit.user, "community.read", place)
    ]
    is_following = visit.user is not None and follows.is_following(visit.db, visit.user, "agency", office.id)
    return Page("communities/agency.html", {"agency": office, "communities": places, "is_following": is_following})
