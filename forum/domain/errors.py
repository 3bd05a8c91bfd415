"""What can go wrong, in the words of the forum. The doors turn each into its answer."""

from collections.abc import Mapping


class ForumError(Exception):
    """Something the person can understand and act on; `str(error)` is the sentence for them."""


class NotFound(ForumError):
    """No such thing, or not for this person's eyes."""


class Forbidden(ForumError):
    """This person may not do this. `action` is the entry of the permission table."""

    def __init__(self, action: str, message: str = "") -> None:
        super().__init__(message or "You may not do this.")
        self.action = action


class SignInNeeded(Forbidden):
    """Nobody is signed in, and the act needs a person."""


class ProofNeeded(Forbidden):
    """The person is signed in, but has to show again that it is them: their last proof is too old for this act."""


class Conflict(ForumError):
    """The thing has changed in between, or the act does not fit its state any more."""


class Invalid(ForumError):
    """Some fields can't be taken as they are. `errors` maps field names to sentences; nothing was changed."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


class TooMany(ForumError):
    """A limit is reached. `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int, message: str = "") -> None:
        super().__init__(message or "That was a lot in a short time. Please wait a moment.")
        self.retry_after = max(1, retry_after)
