"""My page: what is mine and what I set; my sessions, my data, the end of my account."""

from collections.abc import Iterator, Sequence
from typing import Any

from forum.db import Connection
from forum.domain import activity, decisions, drafts, follows, ideas, notifications, privacy, profiles, proofs, sessions
from forum.domain.accounts import AddressFields
from forum.domain.errors import Invalid, TooMany
from forum.domain.lists import Listing
from forum.domain.permissions import can, require
from forum.domain.profiles import SettingsFields
from forum.domain.sessions import Visitor
from forum.text.plains import excerpt
from forum.web import forms, security
from forum.web.accounts import sender, too_many, wait, with_hash
from forum.web.forms import Form
from forum.web.render import Answer, Download, Page, Redirect
from forum.web.visits import Visit

SHOWN = 5  # of each kind on the first page
KIND_LABELS = {"idea": "Idea", "comment": "Comment"}


def index(visit: Visit) -> Answer:
    """GET /me: the newest of everything, with ways to the rest."""
    user, db = require(visit.user, "account.use"), visit.db
    told = notifications.of(db, user, limit=SHOWN)
    followed = follows.of(db, user, limit=SHOWN + 1)
    mine, voted, said = (find(db, user, limit=SHOWN) for find in (activity.ideas, activity.votes, activity.comments))
    context = {
        "user": user,
        "notifications": told.items,
        "more_notifications": told.next_before is not None,
        "ideas": [idea_item(row) for row in mine.rows],
        "more_ideas": mine.next_after is not None,
        "drafts": [draft_item(draft) for draft in drafts.of(db, user)],
        "votes": [vote_item(visit, row) for row in voted.rows],
        "more_votes": voted.next_after is not None,
        "comments": own_comment_items(visit, said.rows),
        "more_comments": said.next_after is not None,
        "follows": followed[:SHOWN],
        "more_follows": len(followed) > SHOWN,
        "sessions": session_items(visit),
    }
    return Page("me/index.html", context, is_cacheable=False)


def ideas_index(visit: Visit) -> Answer:
    """GET /me/ideas"""
    listing = activity.ideas(visit.db, visit.user, after=_after(visit))
    return _list(visit, "ideas", "My ideas", listing, [idea_item(row) for row in listing.rows])


def votes_index(visit: Visit) -> Answer:
    """GET /me/votes"""
    listing = activity.votes(visit.db, visit.user, after=_after(visit))
    return _list(visit, "votes", "My votes", listing, [vote_item(visit, row) for row in listing.rows])


def comments_index(visit: Visit) -> Answer:
    """GET /me/comments"""
    listing = activity.comments(visit.db, visit.user, after=_after(visit))
    return _list(visit, "comments", "My comments", listing, own_comment_items(visit, listing.rows))


def _after(visit: Visit) -> str | None:
    return visit.query.get("after") or None


def _list(visit: Visit, kind: str, heading: str, listing: Listing, items: list[dict[str, Any]]) -> Page:
    context = {"kind": kind, "heading": heading, "items": items, "page": pager(visit, listing)}
    return Page("me/list.html", context, blocks=("results",), is_cacheable=False)


def pager(visit: Visit, listing: Listing) -> dict[str, str | None]:
    """The addresses of the first and the next page of this list."""
    following = f"{visit.path}?after={listing.next_after}" if listing.next_after else None
    return {"previous_url": visit.path if _after(visit) else None, "next_url": following}


def idea_item(row: Any) -> dict[str, Any]:
    """One idea as its author's lists show it."""
    return {**row._mapping, "path": ideas.path(row.id, row.slug)}


def vote_item(visit: Visit, row: Any) -> dict[str, Any]:
    """One vote; the title only as far as this person may still read it."""
    seen = can(visit.user, "idea.read_text", row)
    title = row.title if seen else f"{ideas.reference(row.id)}, which can't be read any more"
    language = row.language if seen else "en"
    path = ideas.path(row.id, row.slug) if seen else f"/ideas/{row.id}"
    return {"path": path, "title": title, "language": language, "value": row.value, "created_at": row.changed_at}


def comment_item(row: Any) -> dict[str, Any]:
    """One comment with the beginning of its words; `is_remark`: on a recommendation of a directive."""
    return {
        "url": f"/{row.kind}s/{row.id}",
        "excerpt": excerpt(row.body),
        "title": row.title,
        "is_remark": row.kind == "remark",
        "language": row.language,
        "created_at": row.created_at,
        "state": row.state,
        "decision_url": "",
    }


def own_comment_items(visit: Visit, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """One's own comments; those that are held or removed with the page of the decision, if there is one."""
    why = {
        (kind, one): decision_id
        for kind in {row.kind for row in rows}
        for one, decision_id in decisions.limiting(
            visit.db, kind, {row.id: row.state for row in rows if row.kind == kind}
        ).items()
    }
    return [
        {**comment_item(row), "decision_url": f"/decisions/{why[key]}" if (key := (row.kind, row.id)) in why else ""}
        for row in rows
    ]


def draft_item(draft: drafts.DraftView) -> dict[str, Any]:
    """One draft with the way back into its form."""
    label = KIND_LABELS.get(draft.kind, draft.kind)
    return {
        "id": draft.id,
        "url": draft.path,
        "title": draft.heading,
        "kind_label": label,
        "updated_at": draft.updated_at,
    }


# Sessions --------------------------------------------------------------------------------------------------------


def session_items(visit: Visit) -> list[dict[str, Any]]:
    """Where this person is signed in."""
    own_id = _visitor(visit).session_id
    return [{**row._mapping, "is_this": row.id == own_id} for row in sessions.of(visit.db, visit.user)]


def end_session(visit: Visit) -> Answer:
    """POST /me/sessions/end with id: any of one's own; `others` ends all but this one."""
    visitor = _visitor(visit)
    chosen = visit.form.get("id")
    if chosen == "others":
        sessions.end_all(visit.db, visitor.person.id, keep=visitor.session_id)
    else:
        number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
        sessions.end(visit.db, visitor.person, number)
        if number == visitor.session_id:
            visit.set_cookies.append(security.set_cookie(security.SESSION_COOKIE, "", max_age=0))
            visit.say("You are signed out.")
            return Redirect("/")
    if visit.is_htmx:
        context = {"sessions": session_items(visit), "said": "That device is signed out."}
        return Page("me/_sessions.html", context)
    visit.say("That device is signed out.")
    return Redirect("/me#sessions")


def _visitor(visit: Visit) -> Visitor:
    require(visit.user, "account.use")
    assert visit.visitor is not None
    return visit.visitor


# What I set ------------------------------------------------------------------------------------------------------


def settings_form(visit: Visit) -> Answer:
    """GET /me/settings"""
    own = profiles.own(visit.db, visit.user)
    values = {"name": own.name, "bio": own.bio, "wants_mail": "1" if own.wants_mail else ""}
    return _settings_page(visit, Form(values))


def _settings_page(visit: Visit, form: Form[Any], **more: Any) -> Page:
    context = {"form": form, "own": profiles.own(visit.db, visit.user), "most_bio": profiles.MOST_BIO}
    return Page("me/settings.html", context, is_cacheable=False, **more)


def change_settings(visit: Visit) -> Answer:
    """POST /me/settings with name, bio, wants_mail."""
    require(visit.user, "account.edit")
    form = forms.read(SettingsFields, visit.form)
    if form.data is None:
        return _settings_page(visit, form, status=422)
    try:
        profiles.change(visit.db, visit.user, form.data)
    except Invalid as error:
        return _settings_page(visit, form.refuse(error.errors), status=422)
    visit.say("Saved.")
    return Redirect("/me/settings")


def address_form(visit: Visit) -> Answer:
    """GET /me/address; asks for a fresh proof first, so that nothing typed gets lost on the way."""
    user = proofs.require_fresh(visit.visitor)
    return _address_page(user.email, Form({"email": visit.query.get("email")}))


def _address_page(current: str | None, form: Form[Any], **more: Any) -> Page:
    return Page("me/address.html", {"form": form, "current": current}, is_cacheable=False, **more)


def ask_address(visit: Visit) -> Answer:
    """POST /me/address with email: a link goes to the new one, a note to the old one."""
    user = proofs.require_fresh(visit.visitor)
    form = forms.read(AddressFields, visit.form)
    if form.data is None:
        return _address_page(user.email, form, status=422)
    try:
        profiles.ask_new_address(visit.db, visit.visitor, sender(visit), form.data.email, address=visit.address)
    except Invalid as error:
        return _address_page(user.email, form.refuse(error.errors), status=422)
    except TooMany as error:
        return _address_page(user.email, form.refuse({"email": wait(error)}), **too_many(error))
    return Page("accounts/sent.html", {"email": form.data.email})


def password_form(visit: Visit) -> Answer:
    """GET /me/password"""
    proofs.require_fresh(visit.visitor)
    return _password_page(visit, Form())


def _password_page(visit: Visit, form: Form[Any], **more: Any) -> Page:
    context = {"form": form, "own": profiles.own(visit.db, visit.user)}
    return Page("me/password.html", context, is_cacheable=False, **more)


def prepare_password(visit: Visit) -> Any:
    """The new password is checked and hashed before the unit of work."""
    user = proofs.require_fresh(visit.visitor)
    if visit.form.get("act") == "remove":
        return None
    about = (user.name, user.email or "", visit.settings.site_name)
    password = visit.form.get("password")
    form: Form[Any] = Form({}, {}, AddressFields.model_construct(email=user.email or ""))
    return with_hash(form if password else form.refuse({"password": "Please fill this in."}), password, about)


def change_password(visit: Visit) -> Answer:
    """POST /me/password with password, or with act=remove: every other session ends."""
    removes = visit.form.get("act") == "remove"
    if not removes and visit.prepared.password_hash is None:
        return _password_page(visit, visit.prepared.form, status=422)
    profiles.set_password(visit.db, visit.visitor, sender(visit), None if removes else visit.prepared.password_hash)
    done = "Your password is gone. Sign in with mailed links." if removes else "Your new password counts now."
    visit.say(f"{done} All other devices are signed out.")
    return Redirect("/me/settings")


def confirm_address(visit: Visit) -> Answer:
    """POST /me/confirm: mail the link that confirms the address once more."""
    user = require(visit.user, "account.use")
    if user.email:
        proofs.mail_link(visit.db, sender(visit), user.email, next_path="/me", address=visit.address)
        visit.say(f"We sent a link to {user.email}.")
    return Redirect("/me")


# My data, and the end --------------------------------------------------------------------------------------------


def data(visit: Visit) -> Answer:
    """GET /me/data: what the file holds, and the button."""
    require(visit.user, "account.use")
    return Page("me/data.html", is_cacheable=False)


def download(visit: Visit) -> Answer:
    """GET /me/data/download: everything held about this person, as JSON."""
    user, base_url = require(visit.user, "account.use"), visit.settings.base_url

    def chunks(db: Connection) -> Iterator[bytes]:
        yield from privacy.export(db, user, base_url)

    return Download("my-data.json", "application/json; charset=utf-8", chunks)


def delete_form(visit: Visit) -> Answer:
    """GET /me/delete: exactly what stays and what goes."""
    user = proofs.require_fresh(visit.visitor)
    return Page("me/delete.html", {"form": Form(), "user": user}, is_cacheable=False)


def delete(visit: Visit) -> Answer:
    """POST /me/delete with agree."""
    user = proofs.require_fresh(visit.visitor)
    if not visit.form.get("agree"):
        form: Form[Any] = Form().refuse({"agree": "Please tick the box if you want to delete your account."})
        return Page("me/delete.html", {"form": form, "user": user}, status=422)
    privacy.delete_account(visit.db, visit.visitor, sender(visit))
    visit.set_cookies.append(security.set_cookie(security.SESSION_COOKIE, "", max_age=0))
    visit.say("Your account is deleted. Thank you for taking part.")
    return Redirect("/")
