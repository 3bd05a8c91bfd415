"""Profiles: what everyone sees of a person, and what a person sets about their own account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel

from forum.db import Connection
from forum.domain import account_mails, accounts, codes, limits, notifications, sessions
from forum.domain.account_mails import Sender
from forum.domain.errors import Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.proofs import count_mail, require_fresh
from forum.domain.sessions import Visitor
from forum.models import User
from forum.text.names import tidy

MOST_BIO = 500

_PROFILE = sa.select(
    User.id,
    User.handle,
    User.name,
    User.role,
    User.status,
    User.is_employee,
    User.agency_name,
    User.job_title,
    User.bio,
    User.created_at,
).where(User.handle == sa.bindparam("wanted"), User.status != "deleted")
_OWN = sa.select(
    User.name, User.bio, User.email, User.wants_mail, User.password_hash.is_not(None).label("has_password")
)
_OWN_BY_ID = _OWN.where(User.id == sa.bindparam("whose"))
_of = sa.update(User).where(User.id == sa.bindparam("whose"))
_SET = _of.values(name=sa.bindparam("new_name"), bio=sa.bindparam("new_bio"))
_SET_PASSWORD = _of.values(password_hash=sa.bindparam("new_hash"))


@dataclass(frozen=True, slots=True)
class Profile:
    """What everyone sees of a person. No address, no vote."""

    id: int
    handle: str
    name: str
    role: str
    status: str
    is_employee: bool
    agency_name: str
    job_title: str
    bio: str
    created_at: datetime

    @property
    def is_imported(self) -> bool:
        """Known from an earlier site, without an account here."""
        return self.status == "imported"


def _short_text(value: str) -> str:
    bio = tidy(value).strip()
    if len(bio) > MOST_BIO:
        raise ValueError(f"Please keep this to {MOST_BIO} characters.")
    return bio


class SettingsFields(BaseModel):
    """What a person sets about themselves without a further proof."""

    name: Annotated[str, AfterValidator(accounts.clean_name)]
    bio: Annotated[str, AfterValidator(_short_text)] = ""
    wants_mail: bool = False


def get(db: Connection, handle: str) -> Profile:
    """The profile of this handle. NotFound if nobody has it any more."""
    row = db.execute(_PROFILE, {"wanted": handle}).first()
    if row is None:
        raise NotFound("There is no person here.")
    return Profile(**row._mapping)


def own(db: Connection, user: Person | None) -> Any:
    """What a person has set: name, bio, email, wants_mail, has_password."""
    user = require(user, "account.use")
    return db.execute(_OWN_BY_ID, {"whose": user.id}).one()


def change(db: Connection, user: Person | None, fields: SettingsFields) -> None:
    """Set name, text about oneself, and whether news come by mail. Invalid for a name that seems to be official."""
    user = require(user, "account.edit")
    limits.hit(db, user, "account")
    if fields.name != user.name and user.role == "citizen":
        try:
            accounts.own_name(fields.name)
        except ValueError as error:
            raise Invalid({"name": str(error)}) from None
    db.execute(_SET, {"whose": user.id, "new_name": fields.name, "new_bio": fields.bio})
    notifications.set_mail(db, user, fields.wants_mail)


def ask_new_address(db: Connection, visitor: Visitor | None, sender: Sender, email: str, *, address: str) -> None:
    """Mail a link to a new address; the account moves to it when the link is followed. The old address hears of it.

    Whether the new address has an account already is told to that address alone. Needs a fresh proof. Invalid for the
    address one has, TooMany past the limit on mails.
    """
    user = require_fresh(visitor)
    if email == user.email:
        raise Invalid({"email": "This is your address already."})
    count_mail(db, email, address)
    if accounts.by_email(db, email):
        account_mails.address_in_use(db, sender, email)
    else:
        token = codes.issue(db, codes.CHANGE_ADDRESS, email, user_id=user.id)
        account_mails.new_address_link(db, sender, email, token)
    if user.email:
        account_mails.address_change_asked(db, sender, user.email, user.id)


def set_password(db: Connection, visitor: Visitor | None, sender: Sender, password_hash: str | None) -> None:
    """Set a password by its hash, or take it away (None): mailed links remain. Needs a fresh proof.

    Every other session of the person ends, and no code mailed before works any more.
    """
    user = require_fresh(visitor)
    limits.hit(db, user, "account")
    assert visitor is not None
    db.execute(_SET_PASSWORD, {"whose": user.id, "new_hash": password_hash})
    sessions.end_all(db, user.id, keep=visitor.session_id)
    accounts.note_change(db, user.id, user.id, "password")
    if user.email:
        codes.void(db, email=user.email, user_id=user.id)
        account_mails.password_changed(db, sender, user.email, user.id)
