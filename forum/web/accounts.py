"""Making an account, signing in by password or mailed link, showing again that it is you, signing out."""

from dataclasses import dataclass
from typing import Any

from forum.domain import codes, limits, passwords, profiles, proofs, sessions
from forum.domain.account_mails import Sender
from forum.domain.accounts import AddressFields, ConfirmFields, SignUpFields
from forum.domain.codes import Code, Ended
from forum.domain.errors import TooMany
from forum.domain.permissions import require
from forum.domain.proofs import Attempt, Proof, SignInFields
from forum.signing import new_token
from forum.web import devices, forms, security
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

SIGN_UP_COOKIE = "__Host-sign-up"
COOKIE_SECONDS = 30 * 86_400  # the row of the session says when it really ends
CODE_SECONDS = int(codes.LIFE.total_seconds())

WHY = {
    "idea.vote": "Sign in to vote. Then press your button again.",
    "idea.post": "Sign in to post your idea.",
    "comment.post": "Sign in to join the discussion.",
    "comment.agree": "Sign in to agree with a comment.",
    "idea.follow": "Sign in to follow this.",
    "community.join": "Sign in to join this community.",
    "community.propose": "Sign in to propose a community.",
    "idea.report": "Sign in to report this.",
    "comment.report": "Sign in to report this.",
}
"""Why somebody was sent to sign in, by the act that asked for it."""

WRONG = "This address and password do not belong together. Check both, or let us mail you a link."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked form, with the hash of the password in it."""

    form: Form[Any]
    password_hash: str | None = None


def sender(visit: Visit) -> Sender:
    """The site as its mails name it."""
    return Sender(visit.settings.site_name, visit.settings.base_url)


# Signing in ------------------------------------------------------------------------------------------------------


def sign_in_form(visit: Visit) -> Answer:
    """GET /sign-in; who is signed in goes on at once."""
    if visit.user:
        return Redirect(_next(visit) or "/")
    return _sign_in_page(visit, Form({"email": ""}))


def _sign_in_page(visit: Visit, form: Form[Any], **more: Any) -> Page:
    kept = "We kept what you wrote. Sign in, and it is back." if security.DRAFT_COOKIE in visit.cookies else ""
    why = WHY.get(visit.query.get("why") or visit.form.get("why"), "")
    context = {"form": form, "next": _next(visit), "kept": kept, "why": why}
    return Page("accounts/sign_in.html", context, **more)


def prepare_sign_in(visit: Visit) -> Attempt | TooMany | None:
    """The password is checked before the unit of work, and for unknown addresses too."""
    fields = forms.read(SignInFields, visit.form).data
    if fields is None:
        return None
    try:
        return proofs.try_password(visit.db, fields.email, fields.password, visit.address)
    except TooMany as error:
        return error


def sign_in(visit: Visit) -> Answer:
    """POST /sign-in with email, password, next."""
    form = forms.read(SignInFields, visit.form)
    if visit.prepared is None:
        return _sign_in_page(visit, form, status=422)
    try:
        proof = _proof(visit)
    except TooMany as error:
        return _sign_in_page(visit, form.refuse({"email": wait(error)}), **too_many(error))
    if proof is None:
        return _sign_in_page(visit, form.refuse({"password": WRONG}), status=422, keep=True)
    return _enter(visit, proof, _next(visit))


def _proof(visit: Visit) -> Proof | None:
    if isinstance(visit.prepared, TooMany):
        raise visit.prepared
    return proofs.by_password(visit.db, visit.prepared, visit.address)


def mail_link(visit: Visit) -> Answer:
    """POST /sign-in/link with email, next: the same answer whether the address is known or not."""
    form = forms.read(AddressFields, visit.form)
    if form.data is None:
        return _sign_in_page(visit, form, status=422)
    try:
        proofs.mail_link(visit.db, sender(visit), form.data.email, next_path=_next(visit), address=visit.address)
    except TooMany as error:
        return _sign_in_page(visit, form.refuse({"email": wait(error)}), **too_many(error))
    return _sent(form.data.email)


def reset_form(visit: Visit) -> Answer:
    """GET /reset: the way back in for whoever forgot their password."""
    return Page("accounts/reset.html", {"form": Form({"email": ""})})


def reset(visit: Visit) -> Answer:
    """POST /reset with email: a mailed link, and from there to a new password."""
    form = forms.read(AddressFields, visit.form)
    if form.data is None:
        return Page("accounts/reset.html", {"form": form}, status=422)
    try:
        proofs.mail_link(
            visit.db,
            sender(visit),
            form.data.email,
            next_path="/me/password",
            address=visit.address,
            is_reset=True,
        )
    except TooMany as error:
        return Page("accounts/reset.html", {"form": form.refuse({"email": wait(error)})}, **too_many(error))
    return _sent(form.data.email)


def _sent(email: str) -> Page:
    return Page("accounts/sent.html", {"email": email})


def sign_out(visit: Visit) -> Answer:
    """POST /sign-out"""
    if visit.token:
        sessions.end_token(visit.db, visit.token)
    visit.set_cookies.append(security.set_cookie(security.SESSION_COOKIE, "", max_age=0))
    visit.say("You are signed out.")
    return Redirect("/")


# Showing again that it is you ------------------------------------------------------------------------------------


def again_form(visit: Visit) -> Answer:
    """GET /sign-in/again: asked before what would let somebody else take the account over."""
    return _again_page(visit, Form())


def _again_page(visit: Visit, form: Form[Any], **more: Any) -> Page:
    user = require(visit.user, "account.use")
    has_password = profiles.own(visit.db, user).has_password
    context = {"form": form, "next": _next(visit), "has_password": has_password, "email": user.email}
    return Page("accounts/again.html", context, **more)


def prepare_again(visit: Visit) -> Attempt | TooMany | None:
    """As for signing in, with the person's own address."""
    user = require(visit.user, "account.use")
    password = visit.form.get("password")
    if not password or not user.email:
        return None
    try:
        return proofs.try_password(visit.db, user.email, password, visit.address)
    except TooMany as error:
        return error


def again(visit: Visit) -> Answer:
    """POST /sign-in/again with password, next: a new session in place of the old one."""
    user = require(visit.user, "account.use")
    if visit.prepared is None:
        return _again_page(visit, Form().refuse({"password": "Please fill this in."}), status=422)
    try:
        proof = _proof(visit)
    except TooMany as error:
        return _again_page(visit, Form().refuse({"password": wait(error)}), **too_many(error))
    if proof is None or proof.user_id != user.id:
        return _again_page(visit, Form().refuse({"password": "This is not your password."}), status=422, keep=True)
    return _enter(visit, proof, _next(visit) or "/me", says=False)


# Making an account -----------------------------------------------------------------------------------------------


def sign_up_form(visit: Visit) -> Answer:
    """GET /sign-up"""
    if visit.user:
        return Redirect(_next(visit) or "/")
    return _sign_up_page(visit, Form({"name": "", "email": ""}))


def _sign_up_page(visit: Visit, form: Form[Any], **more: Any) -> Page:
    return Page("accounts/sign_up.html", {"form": form, "next": _next(visit)}, **more)


def prepare_sign_up(visit: Visit) -> Prepared | TooMany:
    """The form is checked and the password hashed before the unit of work, whatever the address."""
    form = forms.read(SignUpFields, visit.form)
    about = (visit.form.get("name"), visit.form.get("email"), visit.settings.site_name)
    try:
        limits.check_address(visit.db, "sign-up", visit.address)
    except TooMany as error:
        return error
    return with_hash(form, visit.form.get("password"), about)


def sign_up(visit: Visit) -> Answer:
    """POST /sign-up with name, email, password (may be empty), next: one answer for known and unknown addresses."""
    if isinstance(visit.prepared, TooMany):
        form = forms.read(SignUpFields, visit.form).refuse({"email": wait(visit.prepared)})
        return _sign_up_page(visit, form, **too_many(visit.prepared))
    form, password_hash = visit.prepared.form, visit.prepared.password_hash
    if form.data is None:
        return _sign_up_page(visit, form, status=422)
    browser = visit.cookies.get(SIGN_UP_COOKIE) or new_token()
    try:
        proofs.sign_up(
            visit.db,
            sender(visit),
            form.data,
            password_hash=password_hash,
            browser=browser,
            next_path=_next(visit),
            address=visit.address,
        )
    except TooMany as error:
        return _sign_up_page(visit, form.refuse({"email": wait(error)}), **too_many(error))
    visit.set_cookies.append(security.set_cookie(SIGN_UP_COOKIE, browser, max_age=CODE_SECONDS))
    return _sent(form.data.email)


# The page of a mailed link ---------------------------------------------------------------------------------------


def confirm_form(visit: Visit, token: str) -> Answer:
    """GET /confirm/{token}: one button. Programs that scan mail open every link, so that opening it changes nothing."""
    try:
        code = codes.peek(visit.db, token)
    except Ended:
        return _ended()
    return _confirm_page(visit, code, Form({"name": code.details.get("name", "")}))


def _confirm_page(visit: Visit, code: Code, form: Form[Any], **more: Any) -> Page:
    context = {
        "form": form,
        "purpose": code.purpose,
        "email": code.email,
        "asks": _asks(visit, code),
        "had_password": bool(code.details.get("password_hash")),
        "next": code.details.get("next", ""),
    }
    return Page("accounts/confirm.html", context, **more)


def _asks(visit: Visit, code: Code) -> bool:
    """Has the page to ask for name and password? What a sign-up gave counts only in the browser where it began."""
    return code.purpose == codes.SIGN_UP and not proofs.is_own_browser(code, visit.cookies.get(SIGN_UP_COOKIE))


def _ended() -> Page:
    return Page("accounts/link_ended.html", {"form": Form({"email": ""})}, status=410)


def prepare_confirm(visit: Visit, token: str) -> Prepared | None:
    """Where the page asks for a name and a password, they are checked and hashed before the unit of work."""
    try:
        code = codes.peek(visit.db, token)
    except Ended:
        return None
    if not _asks(visit, code):
        return None
    about = (visit.form.get("name"), code.email, visit.settings.site_name)
    return with_hash(forms.read(ConfirmFields, visit.form), visit.form.get("password"), about)


def confirm(visit: Visit, token: str) -> Answer:
    """POST /confirm/{token}: sign in, finish a sign-up, or move to a new address."""
    prepared: Prepared | None = visit.prepared
    typed = prepared.form.data if prepared else None
    try:
        if prepared and typed is None:
            return _confirm_page(visit, codes.peek(visit.db, token), prepared.form, status=422)
        followed = proofs.follow(
            visit.db,
            sender(visit),
            token,
            browser=visit.cookies.get(SIGN_UP_COOKIE),
            name=typed.name if typed else "",
            password_hash=prepared.password_hash if prepared else None,
        )
        if followed.proof is None:
            visit.say("Your account has its new address now.")
            return Redirect("/me/settings")
        return _enter(visit, followed.proof, followed.next, is_new=followed.is_new)
    except (Ended, ValueError):
        return _ended()


# What these pages share ------------------------------------------------------------------------------------------


def with_hash(form: Form[Any], password: str, about: tuple[str, ...]) -> Prepared:
    """The form, refused for a password that is too easy; or with the hash of a good one. An empty one has no hash."""
    if password and (problem := passwords.problem(password, about)):
        return Prepared(form.refuse({"password": problem}))
    if form.data is None or not password:
        return Prepared(form)
    return Prepared(form, passwords.make_hash(password))


def wait(error: TooMany) -> str:
    """How long to wait, in words."""
    minutes = -(-error.retry_after // 60)
    return f"That was a lot in a short time. Please try again in {minutes} minute{'' if minutes == 1 else 's'}."


def too_many(error: TooMany) -> dict[str, Any]:
    """Status and header of a page that says so."""
    return {"status": 429, "headers": ((b"retry-after", str(error.retry_after).encode()),)}


def _next(visit: Visit) -> str:
    path = visit.then(default="")
    return "" if path.startswith(("/sign-", "/confirm/", "/reset")) else path


def _enter(visit: Visit, proof: Proof, next_path: str, *, says: bool = True, is_new: bool = False) -> Redirect:
    device = devices.label(visit.headers.get("user-agent", ""))
    token, person = proofs.open_session(visit.db, proof, device=device, ends=visit.token)
    visit.set_cookies.append(security.set_cookie(security.SESSION_COOKIE, token, max_age=COOKIE_SECONDS))
    if SIGN_UP_COOKIE in visit.cookies:
        visit.set_cookies.append(security.set_cookie(SIGN_UP_COOKIE, "", max_age=0))
    if is_new:
        visit.say(f"Welcome, {person.name}. You can vote, comment and post now.")
    elif says:
        visit.say(f"You are signed in as {person.name}.")
    return Redirect(next_path or "/")
