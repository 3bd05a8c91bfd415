"""Accounts: made, found, and entered with a proof of who somebody is.

Signing in is always the same three steps: a proof (a password, a mailed code) names a person, and the person gets a
session. A further kind of proof (a passkey, a one-time code, an identity provider) is one more function that returns a
Proof; nothing behind open_session() needs to know of it.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel

from forum import text
from forum.clock import now
from forum.db import Connection, insert, insert_once
from forum.domain import account_mails, codes, limits, passwords, people, sessions
from forum.domain.account_mails import Sender
from forum.domain.errors import Conflict, Invalid, NotFound, ProofNeeded
from forum.domain.people import ROLES, Person
from forum.domain.permissions import require
from forum.domain.sessions import Visitor
from forum.models import User, UserChange
from forum.signing import token_hash

MOST_EMAIL, MOST_NAME = 254, 60
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@(?:[^\s@<>()\[\],;:\\\"/.\x00-\x1f\x7f]{1,63}\.)*[^\s@<>()\[\],;:\\\"/.\x00-\x1f\x7f]{1,63}")  # fmt: skip # noqa: E501 - one pattern
_RESERVED = frozenset(
    "admin administrator administration moderator moderators official officials operator owner root staff support "
    "system team webmaster policy-team open-government-forum former-member deleted anonymous government".split()
)

_COLUMNS = (User.id, User.handle, User.name, User.email, User.password_hash, User.status, User.email_confirmed_at)
_BY_EMAIL = sa.select(*_COLUMNS).where(User.email == sa.bindparam("address"))
_BY_ID = sa.select(*_COLUMNS).where(User.id == sa.bindparam("user_id"))
_BY_HANDLE = sa.select(User.id).where(User.handle == sa.bindparam("wanted"))
_TAKEN = sa.select(User.handle).where(User.handle.in_(sa.bindparam("wanted", expanding=True)))
_of = sa.update(User).where(User.id == sa.bindparam("whose"))
_CONFIRM = _of.where(User.email_confirmed_at.is_(None)).values(email_confirmed_at=sa.bindparam("moment"))
_REHASH = _of.where(User.password_hash == sa.bindparam("old_hash")).values(password_hash=sa.bindparam("new_hash"))
_SET_ADDRESS = _of.values(email=sa.bindparam("address"), email_confirmed_at=sa.bindparam("moment"))


def clean_email(value: str) -> str:
    """An address in the form that is kept and compared: no spaces around it, lower case. ValueError with a sentence."""
    address = unicodedata.normalize("NFC", value.strip()).lower()
    if not address:
        raise ValueError("Please fill in your address.")
    if len(address) > MOST_EMAIL or not _EMAIL.fullmatch(address) or ".." in address:
        raise ValueError("Please give an address like name@example.org.")
    return address


def clean_name(value: str) -> str:
    """A display name on one line, 2 to 60 characters. ValueError with a sentence."""
    name = text.tidy_line(value)
    if not name:
        raise ValueError("Please fill in a name.")
    if not 2 <= len(name) <= MOST_NAME or len(text.fold(name).replace(" ", "")) < 2:
        raise ValueError(f"Please use a name of 2 to {MOST_NAME} characters.")
    if "@" in name or "://" in name:
        raise ValueError("Everyone sees your name. Please leave out mail and web addresses.")
    return name


def own_name(value: str) -> str:
    """A name that somebody gives themselves: clean, and not one that passes for the people who run the site."""
    name = clean_name(value)
    if text.handle(name) in _RESERVED:
        raise ValueError("This name could be taken for the people who run the site. Please choose another.")
    return name


Email = Annotated[str, AfterValidator(clean_email)]
OwnName = Annotated[str, AfterValidator(own_name)]


class SignUpFields(BaseModel):
    """What a new person says about themselves. Without a password they sign in by mailed links."""

    name: OwnName
    email: Email
    password: str = ""


class AddressFields(BaseModel):
    """Whom to mail a link."""

    email: Email


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody has just shown who they are, by `method`: password or mail."""

    user_id: int
    method: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that was tried. `user_id` is None if it was wrong or the address is not known."""

    user_id: int | None
    password_hash: str = ""
    new_hash: str | None = None  # when the hash was made with older parameters


@dataclass(frozen=True, slots=True)
class Followed:
    """What a mailed link did: who came in (None where nobody signs in by it) and where they wanted to go."""

    purpose: str
    proof: Proof | None
    next: str
    is_new: bool = False


def by_email(db: Connection, email: str) -> Any | None:
    """The account with this address (id, handle, name, email, password_hash, status, email_confirmed_at), or None."""
    return db.execute(_BY_EMAIL, {"address": email}).first()


def free_handle(db: Connection, name: str) -> str:
    """A handle from this name that nobody has at this moment: `ada-lovelace`, `ada-lovelace-2` ..."""
    base = text.handle(name)
    wanted = [base, *(f"{base[:36].rstrip('-')}-{number}" for number in range(2, 10))]
    taken = set(db.execute(_TAKEN, {"wanted": wanted}).scalars())
    free = next((handle for handle in wanted if handle not in taken), None)
    return free or f"{base[:30].rstrip('-')}-{secrets.token_hex(4)}"


def add(
    db: Connection,
    *,
    email: str,
    name: str,
    role: str = "citizen",
    password: str | None = None,
    is_employee: bool = False,
    handle: str | None = None,
) -> int:
    """Make an account whose address needs no confirming: for operators. Returns its id; Invalid on bad or taken fields."""
    errors: dict[str, str] = {}
    values: dict[str, str] = {}
    for field, clean, given in (("email", clean_email, email), ("name", clean_name, name)):
        try:
            values[field] = clean(given)
        except ValueError as error:
            errors[field] = str(error)
    if role not in ROLES:
        errors["role"] = f"A role is one of {', '.join(ROLES)}."
    if password is not None and (problem := passwords.problem(password, (email, name))):
        errors["password"] = problem
    if handle is not None and (text.handle(handle) != handle or db.execute(_BY_HANDLE, {"wanted": handle}).first()):
        errors["handle"] = "This handle is taken, or has characters that a handle can't have."
    if "email" in values and by_email(db, values["email"]):
        errors["email"] = "There is an account with this address already."
    if errors:
        raise Invalid(errors)
    more = {"role": role, "is_employee": is_employee, "email_confirmed_at": now()}
    more["password_hash"] = passwords.make_hash(password) if password is not None else None
    user_id, is_new = _insert(db, values["email"], values["name"], handle, **more)
    if not is_new:
        raise Invalid({"email": "There is an account with this address already."})
    note_change(db, user_id, None, "created", after=role)
    return user_id


def _insert(db: Connection, email: str, name: str, handle: str | None = None, **values: Any) -> tuple[int, bool]:
    """A new row, or the one that has this address by now: (id, is it new). The keys settle races."""
    for _ in range(20):
        wanted = handle or free_handle(db, name)
        if insert_once(db, User, email=email, name=name, handle=wanted, created_at=now(), **values):
            return int(db.execute(_BY_HANDLE, {"wanted": wanted}).scalar_one()), True
        if known := by_email(db, email):
            return int(known.id), False
    raise Conflict("We could not find a free handle. Please try again.")


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
    password given now will count, so that nobody can prepare an account for somebody else's address. TooMany past the limit.
    """
    require(None, "account.create") if False else None
    limits.hit_address(db, "sign-up", address)
    _count_mail(db, fields.email, address)
    known = by_email(db, fields.email)
    if known:
        token = codes.issue(db, codes.SIGN_IN, fields.email, user_id=known.id, next=next_path)
        account_mails.known_address(db, sender, fields.email, token, known.id)
    else:
        wishes = {"name": fields.name, "password_hash": password_hash, "browser": token_hash(browser)}
        token = codes.issue(db, codes.SIGN_UP, fields.email, next=next_path, **wishes)
        account_mails.confirm_link(db, sender, fields.email, token)
