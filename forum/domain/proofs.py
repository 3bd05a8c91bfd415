"""Proofs of who somebody is, and the session that follows from one.

Signing in is always the same: a proof (a password, a mailed code) names a person, and the person gets a session. A
further kind of proof (a passkey, a one-time code, an identity provider) is one more function that returns a Proof;
nothing behind open_session() needs to know of it.
"""

from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, StringConstraints

from forum.clock import now
from forum.db import Connection, UniqueViolation
from forum.domain import account_mails, accounts, codes, limits, passwords, people, sessions
from forum.domain.account_mails import Sender
from forum.domain.accounts import SignUpFields, by_email, fold_email
from forum.domain.codes import Code, Ended
from forum.domain.errors import ProofNeeded, SignInNeeded
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.domain.sessions import Visitor
from forum.models import User
from forum.signing import token_hash

_of = sa.update(User).where(User.id == sa.bindparam("whose"))
_CONFIRM = _of.where(User.email_confirmed_at.is_(None)).values(email_confirmed_at=sa.bindparam("moment"))
_REHASH = _of.where(User.password_hash == sa.bindparam("old_hash")).values(password_hash=sa.bindparam("new_hash"))
_HOLDS = sa.select(User.id).where(User.id == sa.bindparam("whose"), User.password_hash == sa.bindparam("old_hash"))
_SET_ADDRESS = _of.values(email=sa.bindparam("address"), email_confirmed_at=sa.bindparam("moment"))


class SignInFields(BaseModel):
    """A sign-in by password. An address that can't be one is answered like one that nobody has."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(fold_email)]
    password: Annotated[str, StringConstraints(min_length=1)]


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody has just shown who they are, by `method`: password or mail."""

    user_id: int
    method: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that was tried. `user_id` is None if it was wrong, or nobody has the address."""

    email: str
    user_id: int | None = None
    password_hash: str = ""
    new_hash: str | None = None  # when the old one was made with other parameters


@dataclass(frozen=True, slots=True)
class Followed:
    """What a mailed link did: who came in (None where nobody signs in by it), and where they wanted to go."""

    purpose: str
    proof: Proof | None
    next: str
    is_new: bool = False


def require_fresh(visitor: Visitor | None) -> Person:
    """Go on only for somebody who showed within the last quarter of an hour who they are. Else ProofNeeded."""
    if visitor is None:
        raise SignInNeeded("account.use", "Please sign in first.")
    if not visitor.is_fresh:
        raise ProofNeeded("account.use", "Please show first that it is you.")
    return require(visitor.person, "account.use")


# By password ---------------------------------------------------------------------------------------------------


def try_password(db: Connection, email: str, password: str, address: str) -> Attempt:
    """Check a password. Takes 40 ms and as long for an unknown address: before the unit of work, never inside it.

    TooMany, and nothing is checked, while this address or this account has had too many wrong ones.
    """
    limits.check_address(db, "sign-in", address)
    limits.check_address(db, "sign-in-account", _unnamed(email))
    known = by_email(db, email)
    kept = known.password_hash if known else None
    if not passwords.is_right(kept, password) or known is None or kept is None:
        return Attempt(email)
    return Attempt(email, known.id, kept, passwords.make_hash(password) if passwords.is_outdated(kept) else None)


def by_password(db: Connection, attempt: Attempt, address: str) -> Proof | None:
    """The proof, if the password was right and still is. Wrong ones are counted: TooMany past the limit."""
    limits.check_address(db, "sign-in", address)
    limits.check_address(db, "sign-in-account", _unnamed(attempt.email))
    holds = {"whose": attempt.user_id, "old_hash": attempt.password_hash}
    if attempt.user_id is None or db.execute(_HOLDS, holds).first() is None:
        limits.hit_address(db, "sign-in", address)
        limits.hit_address(db, "sign-in-account", _unnamed(attempt.email))
        return None
    if attempt.new_hash:
        db.execute(_REHASH, {**holds, "new_hash": attempt.new_hash})
    return Proof(attempt.user_id, "password")


# By mail ---------------------------------------------------------------------------------------------------------


def mail_link(
    db: Connection, sender: Sender, email: str, *, next_path: str, address: str, is_reset: bool = False
) -> None:
    """Mail a link to sign in with, or to make an account with where there is none. Nobody learns here which it was."""
    count_mail(db, email, address)
    known = by_email(db, email)
    if known is None:
        token = codes.issue(db, codes.SIGN_UP, email, next=next_path)
        account_mails.unknown_address(db, sender, email, token)
    else:
        token = codes.issue(db, codes.SIGN_IN, email, user_id=known.id, next=next_path)
        write = account_mails.reset_link if is_reset else account_mails.sign_in_link
        write(db, sender, email, token, known.id)


def sign_up(
    db: Connection,
    sender: Sender,
    fields: SignUpFields,
    *,
    password_hash: str | None,
    browser: str,
    next_path: str,
    address: str,
) -> None:
    """Mail a link: to finish the account, or to sign in where the address has one. Nobody learns here which it was.

    The account is made when the link is followed. `browser` is a secret of the browser that asked: only there the
    password given now will count, so that nobody can prepare an account for somebody else's address.
    """
    limits.hit_address(db, "sign-up", address)
    count_mail(db, fields.email, address)
    known = by_email(db, fields.email)
    if known is None:
        token = codes.issue(
            db,
            codes.SIGN_UP,
            fields.email,
            next=next_path,
            name=fields.name,
            password_hash=password_hash,
            browser=token_hash(browser),
        )
        account_mails.confirm_link(db, sender, fields.email, token)
    else:
        token = codes.issue(db, codes.SIGN_IN, fields.email, user_id=known.id, next=next_path)
        account_mails.known_address(db, sender, fields.email, token, known.id)


def count_mail(db: Connection, email: str, address: str) -> None:
    """Count a mail that somebody at `address` has us send to `email`. Raises TooMany."""
    limits.hit_address(db, "mail-code", _unnamed(email))
    limits.hit_address(db, "mail-code-address", address)


def follow(
    db: Connection, sender: Sender, token: str, *, browser: str | None, name: str = "", password_hash: str | None = None
) -> Followed:
    """Use up a mailed code and do what it is for. `name` and `password_hash` are typed on the page of a sign-up's link.

    Raises Ended; ValueError with a sentence if a sign-up still lacks a good name.
    """
    code = codes.use(db, token)
    if code.purpose == codes.SIGN_UP:
        return _finish_sign_up(db, code, browser, name, password_hash)
    known = accounts.by_id(db, code.user_id or 0)
    if code.purpose == codes.CHANGE_ADDRESS:
        _change_address(db, sender, code, known.id, known.email)
        return Followed(code.purpose, None, "/me")
    if known.email != code.email:  # the address has moved on since
        raise Ended("This link does not work any more.")
    db.execute(_CONFIRM, {"whose": known.id, "moment": now()})
    return Followed(code.purpose, Proof(known.id, "mail"), code.details.get("next", ""))


def is_own_browser(code: Code, browser: str | None) -> bool:
    """Is this the browser in which the sign-up began?"""
    return browser is not None and code.details.get("browser") == token_hash(browser)


def _finish_sign_up(db: Connection, code: Code, browser: str | None, name: str, password_hash: str | None) -> Followed:
    is_own = is_own_browser(code, browser)
    wanted_hash = code.details.get("password_hash") if is_own else password_hash
    wanted_name = code.details["name"] if is_own else accounts.own_name(name)
    user_id, is_new = accounts.make(db, code.email, wanted_name, password_hash=wanted_hash, email_confirmed_at=now())
    return Followed(code.purpose, Proof(user_id, "mail"), code.details.get("next", ""), is_new)


def _change_address(db: Connection, sender: Sender, code: Code, user_id: int, old: str | None) -> None:
    parameters = {"whose": user_id, "address": code.email, "moment": now()}
    try:
        db.execute(_SET_ADDRESS, parameters)
    except UniqueViolation:  # somebody else has an account with it by now
        raise Ended("This link does not work any more.") from None
    accounts.note_change(db, user_id, user_id, "address")
    if old:
        codes.void(db, email=old, user_id=user_id)
        account_mails.address_changed(db, sender, old)


# The session -------------------------------------------------------------------------------------------------------


def open_session(db: Connection, proof: Proof, *, device: str, ends: str | None) -> tuple[str, Person]:
    """A new session for the one whom the proof names, and an end to that of the token `ends`: (new token, person)."""
    person = people.load(db, proof.user_id)
    if not can(person, "account.use"):
        raise Ended("This account is closed.")
    if ends:
        sessions.end_token(db, ends)
    return sessions.start(db, person, device=device), person


def _unnamed(email: str) -> str:
    """What limits keep instead of the address itself."""
    return token_hash(email)[:32]
