"""The mails about accounts: links that prove an address, and news of what was changed.

No word of a stranger stands in them: whoever types an address in a form must not be able to send it a text.
"""

from dataclasses import dataclass

from forum.db import Connection
from forum.domain import mails
from forum.signing import new_token, token_hash

_ONCE = "The link works once, for 10 minutes."
_NOT_ME = "You did not ask for this? Then do nothing. Without this mail nobody can use the link."


@dataclass(frozen=True, slots=True)
class Sender:
    """The site as its mails name it. `base_url` without a slash at its end."""

    name: str
    base_url: str

    def link(self, token: str) -> str:
        """The address of the page that a mailed code opens."""
        return f"{self.base_url}/confirm/{token}"


def sign_in_link(db: Connection, sender: Sender, to: str, token: str, user_id: int | None) -> None:
    """A link to sign in with."""
    first = f"Here is your link to sign in to {sender.name}:"
    _write(db, token, to, "Your sign-in link", first, sender.link(token), _ONCE, _NOT_ME, user_id=user_id)


def reset_link(db: Connection, sender: Sender, to: str, token: str, user_id: int | None) -> None:
    """A link to set a new password with."""
    first = f"Here is your link to set a new password on {sender.name}:"
    _write(db, token, to, "Set a new password", first, sender.link(token), _ONCE, _NOT_ME, user_id=user_id)


def confirm_link(db: Connection, sender: Sender, to: str, token: str) -> None:
    """To an address that somebody wants to make an account with."""
    first = f"Please confirm your address to finish your account on {sender.name}:"
    last = "You did not ask for an account? Then do nothing, and none will be made."
    _write(db, token, to, "Confirm your address", first, sender.link(token), _ONCE, last)


def known_address(db: Connection, sender: Sender, to: str, token: str, user_id: int | None) -> None:
    """To somebody with an account whose address was given for a new one."""
    first = f"You already have an account on {sender.name}. Somebody, perhaps you, just asked for a new one."
    how = "You can sign in with this link:"
    _write(
        db, token, to, "You already have an account", first, how, sender.link(token), _ONCE, _NOT_ME, user_id=user_id
    )


def unknown_address(db: Connection, sender: Sender, to: str, token: str) -> None:
    """To an address without an account that somebody asked a sign-in link for."""
    first = f"There is no account on {sender.name} with this address. Somebody, perhaps you, asked for a sign-in link."
    how = "You can make an account with this link:"
    last = "You do not want one? Then do nothing. Perhaps you used another address with us."
    _write(db, token, to, "There is no account with this address", first, how, sender.link(token), _ONCE, last)


def new_address_link(db: Connection, sender: Sender, to: str, token: str) -> None:
    """To the new address of somebody's account."""
    first = f"Please confirm that this is your new address on {sender.name}:"
    _write(db, token, to, "Confirm your new address", first, sender.link(token), _ONCE, _NOT_ME)


def address_in_use(db: Connection, sender: Sender, to: str) -> None:
    """To the address of one account that somebody wants to use for another one."""
    first = f"Somebody asked to use this address for another account on {sender.name}. Nothing was changed."
    why = "This address already has an account, and each account needs its own."
    _write(db, new_token(), to, "This address already has an account", first, why)


def address_change_asked(db: Connection, sender: Sender, to: str, user_id: int) -> None:
    """To the old address, before anything changes."""
    first = f"Somebody signed in to your account on {sender.name} and asked to change its address."
    then = "Nothing has changed yet. This was not you? Sign in, set a new password, and end all other sessions:"
    link = f"{sender.base_url}/me/password"
    _write(db, new_token(), to, "Your address is about to change", first, then, link, user_id=user_id)


def address_changed(db: Connection, sender: Sender, to: str) -> None:
    """To the old address, afterwards."""
    first = f"Your account on {sender.name} now has another address. We will not write to this one again."
    then = "This was not you? Please tell the people who run the site at once."
    _write(db, new_token(), to, "Your address was changed", first, then, sender.base_url)


def password_changed(db: Connection, sender: Sender, to: str, user_id: int) -> None:
    """After a new password, or after it was taken away."""
    first = f"The password of your account on {sender.name} was changed. All other devices are signed out."
    then = "This was not you? Set a new one with a mailed link:"
    link = f"{sender.base_url}/reset"
    _write(db, new_token(), to, "Your password was changed", first, then, link, user_id=user_id)


def role_changed(db: Connection, sender: Sender, to: str, user_id: int, what: str) -> None:
    """After an administrator changed what somebody may do. `what`: a sentence."""
    first = f"Your account on {sender.name} was changed by an administrator. {what}"
    then = "Please sign in again to go on. You can ask them if this is not right."
    _write(db, new_token(), to, "Your account was changed", first, then, sender.base_url, user_id=user_id)


def account_deleted(db: Connection, sender: Sender, to: str) -> None:
    """The last mail to somebody."""
    first = f"Your account on {sender.name} is deleted. This is our last mail to you."
    then = "Your ideas and comments stay as a public record, without your name."
    _write(db, new_token(), to, "Your account is deleted", first, then)


def _write(db: Connection, token: str, to: str, subject: str, *parts: str, user_id: int | None = None) -> None:
    event = f"account:{token_hash(token)[:32]}"
    mails.write(db, event=event, recipient=to, subject=subject, text="\n\n".join(parts) + "\n", user_id=user_id)
