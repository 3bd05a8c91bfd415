"""Notifications: the list, opened and read by buttons (a link changes nothing); mails of news, ended by one click."""

from forum.domain import notifications, people
from forum.domain.errors import Invalid, NotFound
from forum.signing import BadToken
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def index(visit: Visit) -> Answer:
    """GET /notifications"""
    before = visit.query.get("before")
    found = notifications.of(visit.db, visit.user, before=before)
    older = f"/notifications?before={found.next_before}" if found.next_before else None
    context = {
        "items": found.items,
        "newest": found.items[0].id if found.items else 0,
        "unread_count": visit.unread_count,
        "wants_mail": notifications.wants_mail(visit.db, visit.user),
        "page": {"previous_url": "/notifications" if before else None, "next_url": older},
    }
    return Page("notifications/index.html", context, blocks=("results",))


def open_one(visit: Visit, notification_id: int) -> Answer:
    """POST /notifications/{id}/open: read, and on to what it is about."""
    return Redirect(notifications.open_one(visit.db, visit.user, notification_id))


def read(visit: Visit) -> Answer:
    """POST /notifications/read: all of them, or with `up_to` those that were on the page."""
    given = visit.form.get("up_to")
    if given and not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Invalid({"up_to": "There is no such notification."})
    count = notifications.read_all(visit.db, visit.user, up_to=int(given) if given else None)
    visit.say("All are marked as read." if count else "There was nothing new.")
    return Redirect(visit.then(default="/notifications"))


def set_mail(visit: Visit) -> Answer:
    """POST /notifications/mail with value 1 or 0."""
    wants = visit.form.get("value") == "1"
    notifications.set_mail(visit.db, visit.user, wants)
    visit.say("We mail you the news from now on." if wants else "We send you no more news by mail.")
    return Redirect(visit.then(default="/notifications"))


def ask_unsubscribe(visit: Visit, token: str) -> Answer:
    """GET /unsubscribe/{token}: shows the button. Mail programs fetch links ahead of people: this changes nothing."""
    person_id = _person(visit, token)
    context = {"wants_mail": notifications.wants_mail(visit.db, people.load(visit.db, person_id))}
    return Page("notifications/unsubscribe.html", context, is_cacheable=False)


def unsubscribe(visit: Visit, token: str) -> Answer:
    """POST /unsubscribe/{token}, from the button or from a mail program (RFC 8058); nobody needs to be signed in."""
    wants = visit.form.get("mail") == "on"
    person = people.load(visit.db, _person(visit, token))
    notifications.set_mail(visit.db, person, wants)
    if "List-Unsubscribe" in visit.form:
        return Page("notifications/unsubscribe.html", {"wants_mail": wants})
    if wants:
        visit.say("We mail you the news again.")
    return Redirect(visit.path if not wants else "/")


def _person(visit: Visit, token: str) -> int:
    """Whose mails the token of the link ends. NotFound for a token that is not ours."""
    try:
        return int(visit.signer.read("unsubscribe", token)["user"])
    except (BadToken, KeyError, ValueError, TypeError):
        raise NotFound("This link is not complete. Please open it from the mail again.") from None
