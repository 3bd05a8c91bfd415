"""Following: one button, and the list of what I follow."""

from forum.domain import follows
from forum.domain.errors import Invalid
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def change(visit: Visit) -> Answer:
    """POST /follows with kind (idea, community, tag, agency), id, value 1 or 0."""
    kind, number, value = (visit.form.get(name) for name in ("kind", "id", "value"))
    if not (number.isascii() and number.isdigit() and len(number) < 19) or value not in ("0", "1"):
        raise Invalid({"id": "There is nothing to follow here."})
    object_id, is_following = int(number), value == "1"
    if is_following:
        follows.follow(visit.db, visit.user, kind, object_id)
    else:
        follows.remove(visit.db, visit.user, kind, object_id)
    said = "You follow this now. We tell you what happens." if is_following else "You do not follow this any more."
    back = visit.then(default="/me/follows")
    if visit.is_htmx:
        context = {"kind": kind, "object_id": object_id, "is_following": is_following, "back": back, "said": said}
        return Page("follows/_button.html", context)
    visit.say(said)
    return Redirect(back)


def index(visit: Visit) -> Answer:
    """GET /me/follows"""
    after = _key(visit.query.get("after"))
    found = follows.of(visit.db, visit.user, limit=follows.PAGE + 1, after=after)
    shown = found[: follows.PAGE]
    older = f"/me/follows?after={shown[-1].kind}-{shown[-1].id}" if len(found) > follows.PAGE else None
    page = {"previous_url": "/me/follows" if after else None, "next_url": older}
    return Page("follows/index.html", {"follows": shown, "page": page}, blocks=("results",))


def _key(given: str) -> tuple[str, int] | None:
    if not given:
        return None
    kind, _, number = given.partition("-")
    if kind not in follows.KINDS or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."})
    return kind, int(number)
