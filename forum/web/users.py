"""Users for administrators: find one, set the role, mark a public employee, read what was changed."""

from typing import Any
from urllib.parse import urlencode

from forum.domain import proofs, trust, users
from forum.domain.errors import Invalid
from forum.domain.permissions import require
from forum.domain.users import KINDS, ROLE_LABELS, UserFields
from forum.web import forms
from forum.web.accounts import sender
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

BY_RULES = "rules"


def index(visit: Visit) -> Answer:
    """GET /users with q, kind, after."""
    query, kind = visit.query.get("q").strip(), visit.query.get("kind")
    listing = users.find(visit.db, visit.user, query=query, kind=kind, after=visit.query.get("after") or None)
    context = {
        "users": [{**row._mapping, "role_label": ROLE_LABELS[row.role]} for row in listing.rows],
        "q": query,
        "kind": kind,
        "kinds": [
            {"value": code or "all", "label": label, "url": _url(q=query, kind=code), "is_current": code == kind}
            for code, label in KINDS.items()
        ],
        "page": {
            "previous_url": _url(q=query, kind=kind) if visit.query.get("after") else None,
            "next_url": _url(q=query, kind=kind, after=listing.next_after) if listing.next_after else None,
        },
    }
    return Page("users/index.html", context, blocks=("results",), is_cacheable=False)


def _url(**values: str | None) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return "/users" + (f"?{query}" if query else "")


def show(visit: Visit, user_id: int) -> Answer:
    """GET /users/{id}; asks for a fresh proof first, as the form on it needs one."""
    require(visit.user, "user.mark")
    row = users.get(visit.db, visit.user, user_id)
    proofs.require_fresh(visit.visitor)
    names = ("role", "agency_name", "job_title")
    values = {name: getattr(row, name) for name in names} | {"is_employee": "1" if row.is_employee else ""}
    return _page(visit, user_id, Form(values))


def _page(visit: Visit, user_id: int, form: Form[Any], **more: Any) -> Page:
    row = users.get(visit.db, visit.user, user_id)
    context = {
        "user": row,
        "form": form,
        "roles": list(ROLE_LABELS.items()),
        "role_labels": ROLE_LABELS,
        "levels": trust.LEVELS,
        "trust_form": Form({"level": str(row.trust_level) if row.trust_level >= trust.GIVEN else BY_RULES}),
        "level_options": [
            (BY_RULES, "The rules", "It follows from posts that stand, and from time."),
            *((str(one.number), f"Level {one.number}: {one.name}", one.what) for one in trust.LEVELS[trust.GIVEN :]),
        ],
        "changes": users.changes(visit.db, visit.user, user_id),
    }
    return Page("users/show.html", context, is_cacheable=False, **more)


def change(visit: Visit, user_id: int) -> Answer:
    """POST /users/{id} with role, is_employee, agency_name, job_title."""
    form = forms.read(UserFields, visit.form)
    if form.data is None:
        require(visit.user, "user.mark")
        return _page(visit, user_id, form, status=422)
    try:
        is_changed = users.change(visit.db, visit.visitor, sender(visit), user_id, form.data)
    except Invalid as error:
        return _page(visit, user_id, form.refuse(error.errors), status=422)
    if is_changed:
        visit.say("Saved. They have to sign in again.")
    else:
        visit.say("Nothing was changed.", "")
    return Redirect(f"/users/{user_id}" if visit.user and visit.user.id != user_id else "/sign-in")


def give_level(visit: Visit, user_id: int) -> Answer:
    """POST /users/{id}/trust with `level`: 3 or 4, or `rules`."""
    require(proofs.require_fresh(visit.visitor), "user.mark")
    given = visit.form.get("level")
    if given not in (BY_RULES, *(str(one.number) for one in trust.LEVELS[trust.GIVEN :])):
        raise Invalid({"level": "Please choose one of the levels."})
    level = trust.give(visit.db, visit.user, user_id, None if given == BY_RULES else int(given))
    visit.say(f"Their trust level is {level}: {trust.LEVELS[level].name}.")
    return Redirect(f"/users/{user_id}")
