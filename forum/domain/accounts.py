"""Accounts: what a name and an address may be, and how a row comes to be: by an operator, or by a confirmed sign-up."""

import re
import secrets
import unicodedata
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import passwords
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.people import ROLES
from forum.models import User, UserChange
from forum.text.names import fold, tidy_line
from forum.text.names import handle as to_handle

MOST_EMAIL, MOST_NAME = 254, 60
_ATOM, _LABEL = r"[^\s@<>()\[\],;:\\\"]", r"[^\s@<>()\[\],;:\\\"/.]"
_EMAIL = re.compile(f"{_ATOM}{{1,64}}@(?:(?:{_LABEL}{{1,63}}\\.)+{_LABEL}{{2,63}}|localhost)")
_RESERVED = frozenset(
    "admin administrator administration moderator moderators official officials operator owner root staff support "
    "system team webmaster policy-team open-government-forum former-member deleted anonymous government".split()
)

_COLUMNS = (User.id, User.handle, User.name, User.email, User.password_hash, User.status, User.role)
_BY_EMAIL = sa.select(*_COLUMNS).where(User.email == sa.bindparam("address"))
_BY_ID = sa.select(*_COLUMNS).where(User.id == sa.bindparam("user_id"))
_BY_HANDLE = sa.select(User.id).where(User.handle == sa.bindparam("wanted"))
_TAKEN = sa.select(User.handle).where(User.handle.in_(sa.bindparam("wanted", expanding=True)))


def fold_email(value: str) -> str:
    """An address in the form that is kept and compared: no spaces around it, lower case."""
    return unicodedata.normalize("NFC", value.strip()).lower()


def clean_email(value: str) -> str:
    """The same, and it can be an address. ValueError with a sentence."""
    address = fold_email(value)
    if not address:
        raise ValueError("Please fill in your address.")
    if len(address) > MOST_EMAIL or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise ValueError("Please give an address like name@example.org.")
    return address


def clean_name(value: str) -> str:
    """A display name on one line, 2 to 60 characters. ValueError with a sentence."""
    name = tidy_line(value)
    if not name:
        raise ValueError("Please fill in a name.")
    if not 2 <= len(name) <= MOST_NAME or len(fold(name).replace(" ", "")) < 2:
        raise ValueError(f"Please use a name of 2 to {MOST_NAME} characters.")
    if "@" in name or "://" in name:
        raise ValueError("Everyone sees your name. Please leave out mail and web addresses.")
    return name


def own_name(value: str) -> str:
    """A name that somebody gives themselves: clean, and not one that passes for the people who run the site."""
    name = clean_name(value)
    if to_handle(name) in _RESERVED:
        raise ValueError("This name could be taken for the people who run the site. Please choose another.")
    return name


Email = Annotated[str, AfterValidator(clean_email)]
OwnName = Annotated[str, AfterValidator(own_name)]


class SignUpFields(BaseModel):
    """What a new person says about themselves. Without a password they sign in by mailed links."""

    name: OwnName
    email: Email
    password: str = ""


class ConfirmFields(BaseModel):
    """What somebody says about themselves on the page of a mailed link, in another browser than they began in."""

    name: OwnName
    password: str = ""


class AddressFields(BaseModel):
    """Whom to mail a link."""

    email: Email


def by_email(db: Connection, email: str) -> Any | None:
    """The account with this address (id, handle, name, email, password_hash, status, role), or None."""
    return db.execute(_BY_EMAIL, {"address": email}).first()


def by_id(db: Connection, user_id: int) -> Any:
    """The same by id. NotFound if there is none."""
    row = db.execute(_BY_ID, {"user_id": user_id}).first()
    if row is None:
        raise NotFound("There is no such account.")
    return row


def free_handle(db: Connection, name: str) -> str:
    """A handle from this name that nobody has at this moment: `ada-lovelace`, `ada-lovelace-2` ..."""
    base = to_handle(name)
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
    """Make an account whose address needs no confirming: for operators. Returns its id; Invalid on bad or
    taken fields."""
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
    if handle is not None and (to_handle(handle) != handle or db.execute(_BY_HANDLE, {"wanted": handle}).first()):
        errors["handle"] = "This handle is taken, or has characters that a handle can't have."
    if "email" in values and by_email(db, values["email"]):
        errors["email"] = "There is an account with this address already."
    if errors:
        raise Invalid(errors)
    password_hash = passwords.make_hash(password) if password is not None else None
    more = {"role": role, "is_employee": is_employee, "password_hash": password_hash, "email_confirmed_at": now()}
    user_id, is_new = make(db, values["email"], values["name"], handle, **more)
    if not is_new:
        raise Invalid({"email": "There is an account with this address already."})
    note_change(db, user_id, None, "created", after=role)
    return user_id


def make(db: Connection, email: str, name: str, handle: str | None = None, **values: Any) -> tuple[int, bool]:
    """A new row, or the one that has this address by now: (id, is it new). The keys settle races.
    Nothing is checked: for values that are clean."""
    for _ in range(20):
        wanted = handle or free_handle(db, name)
        if insert_once(db, User, email=email, name=name, handle=wanted, created_at=now(), **values):
            return int(db.execute(_BY_HANDLE, {"wanted": wanted}).scalar_one()), True
        if known := by_email(db, email):
            return int(known.id), False
    raise Conflict("We could not find a free handle. Please try again.")


def note_change(db: Connection, user_id: int, by_id: int | None, kind: str, before: str = "", after: str = "") -> None:
    """Write down what was changed about an account. `by_id` is None for an operator on the command line."""
    row = {"user_id": user_id, "by_id": by_id, "kind": kind, "before": before, "after": after, "created_at": now()}
    db.execute(sa.insert(UserChange), row)
