"""Drafts: kept while people type, thrown away when they say so."""

from forum.domain import drafts, limits
from forum.domain.errors import Invalid
from forum.web import security
from forum.web.render import Answer, Data, Redirect
from forum.web.visits import Visit


def keep(visit: Visit) -> Answer:
    """POST /drafts: what a form with `data-draft` holds now. `draft` is `idea` or `comment:12`, `draft_key` its key."""
    kind, _, place = visit.form.get("draft").partition(":")
    if place and not (place.isdecimal() and len(place) < 19):
        raise Invalid({"draft": "There is no such place for a draft."})
    key, fields = visit.form.get("draft_key"), dict(visit.form.items())
    drafts.keep(visit.db, visit.user, key, kind, fields, object_id=int(place) if place else None)
    return Data("", "text/plain; charset=utf-8")


def delete(visit: Visit, draft_id: int) -> Answer:
    """POST /drafts/{id}/delete"""
    drafts.delete(visit.db, visit.user, draft_id)
    visit.say("The draft is deleted.")
    return Redirect(visit.then(default="/me#drafts"))


def keep_until_sign_in(visit: Visit, kind: str, object_id: int | None = None) -> None:
    """Keep a form that came from somebody who is not signed in, until they are: the browser gets the key to it.

    TooMany when the same address range does so again and again.
    """
    limits.hit_address(visit.db, "draft", visit.address)
    key = drafts.keep_for_nobody(visit.db, kind, object_id, dict(visit.form.items()))
    life = int(drafts.NOBODYS_LIFE.total_seconds())
    visit.set_cookies.append(security.set_cookie(security.DRAFT_COOKIE, key, max_age=life))


def waiting(visit: Visit, kind: str, object_id: int | None = None) -> drafts.DraftView | None:
    """The draft that waits for this browser since it was not signed in, if it is of this kind and place."""
    return drafts.with_key(visit.db, visit.cookies.get(security.DRAFT_COOKIE), kind, object_id)


def sent(visit: Visit, kind: str, object_id: int | None = None) -> None:
    """The form has been posted: its drafts are not needed any more."""
    key = visit.cookies.get(security.DRAFT_COOKIE)
    if visit.user is None:
        return
    is_waiting = waiting(visit, kind, object_id) is not None
    drafts.sent(visit.db, visit.user, key=visit.form.get("draft_key"), waiting_key=key if is_waiting else None)
    if is_waiting:
        visit.set_cookies.append(security.set_cookie(security.DRAFT_COOKIE, "", max_age=0))
