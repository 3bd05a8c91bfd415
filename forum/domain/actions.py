"""Actions: what a decision can do, one table for forms, statements and the log; and the form of a decision."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from forum.domain.reasons import BY_CODE

NOTE_LENGTH = 2_000
POSTS = ("idea", "comment", "remark")
NOUNS = {"remark": "comment", "user": "account"}
"""Kind of subject → what people call it, where that is another word. A remark is a comment on a directive."""
SUBJECTS = {
    "idea": "Ideas",
    "comment": "Comments",
    "remark": "Comments on directives",
    "wave": "Waves",
    "user": "Accounts",
}
"""Kinds of subject, as the filters of the queue and of the log offer them."""
SUSPENSIONS = {1: "1 day", 7: "7 days", 30: "30 days", 90: "90 days", 365: "1 year"}
"""How long an account can be suspended: days → label."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a decision does. `kinds`: what it can be done to. A restriction can be appealed against."""

    code: str
    label: str  # what was done: Removed
    verb: str  # what the button says: Remove
    hint: str
    told: str  # the author reads: your idea “…” was removed
    scope: str  # what it means, and for how long, in a sentence
    kinds: tuple[str, ...] = POSTS
    needs_reason: bool = True
    is_restriction: bool = True
    closes_cases: bool = False  # all that wait about the post, not only the one that was decided


_ALL = (
    Action(
        "keep", "Kept", "Keep", "It stays as it is.", "is published now",
        "Everyone can read it. Nothing is limited.", needs_reason=False, is_restriction=False, closes_cases=True,
    ),
    Action(
        "hold", "Held for a second look", "Hold", "Nobody sees it until a second look.", "waits for a second look",
        "Only you and moderators can read it until it was looked at again.", closes_cases=True,
    ),
    Action(
        "remove", "Removed", "Remove", "A note with the reason takes its place.", "was removed",
        "Nobody can read it on this site. Its address says why. There is no end date.", closes_cases=True,
    ),
    Action(
        "off-topic", "Put on the off-topic track", "Off-topic track",
        "People can read it and vote, but no list or ranking shows it.", "is on the off-topic track now",
        "Everyone can read it, vote and comment. Lists, rankings and alerts leave it out. There is no end date.",
        kinds=("idea",), closes_cases=True,
    ),
    Action(
        "move", "Moved", "Move", "It goes to another community, with its votes and its address.",
        "is in another community now", "Votes, comments and the address stay. There is no end date.",
        kinds=("idea",), needs_reason=False,
    ),
    Action(
        "lock", "Locked", "Lock", "People can read it, but nothing can be added.", "is locked now",
        "Everyone can read it. Votes, comments and edits are closed. There is no end date.", kinds=("idea",),
    ),
    Action(
        "unlock", "Unlocked", "Unlock", "Votes and comments are open again.", "is open again",
        "Votes, comments and edits are open again.", kinds=("idea",), needs_reason=False, is_restriction=False,
    ),
    Action(
        "warn", "Warned", "Warn", "The author hears about it. Nothing else changes.", "led to a warning",
        "Nothing is removed and nothing is limited.", kinds=(*POSTS, "user"),
    ),
    Action(
        "suspend", "Suspended", "Suspend the account", "The author can read, and nothing else, until a date.",
        "is suspended", "You can read, download your data and appeal. You can do nothing else until the end date.",
        kinds=("user",),
    ),
    Action(
        "unsuspend", "Suspension ended", "End the suspension", "The account can do everything again.",
        "is open again", "You can take part again.", kinds=("user",), needs_reason=False, is_restriction=False,
    ),
    Action("merge", "Merged", "Merge", "", "was merged", "Votes and comments are with the other idea.", ("idea",)),
    Action("split", "Split", "Split", "", "was split", "A part of it is an idea of its own now.", ("idea",)),
    Action(
        "set-aside", "Votes set aside", "Set votes aside", "", "has votes that do not count",
        "Some votes do not count. The page of the idea says how many.", ("idea", "wave"),
    ),
    Action(
        "undo", "Undone", "Undo", "", "is as it was before",
        "Everything is as it was before that decision.", (*POSTS, "user", "wave"),
        needs_reason=False, is_restriction=False,
    ),
)  # fmt: skip
ACTIONS = {action.code: action for action in _ALL}
"""Code → action, in the order in which people are offered them."""

ON_POSTS = tuple(code for code, action in ACTIONS.items() if set(action.kinds) & set(POSTS))[:8]
"""What a moderator can choose for a post: keep to warn; merges, splits and votes have pages of their own."""
ON_ACCOUNTS = ("warn", "suspend", "unsuspend")
CHOOSABLE = (*ON_POSTS, "suspend", "unsuspend")
RESTRICTIONS = tuple(code for code, action in ACTIONS.items() if action.is_restriction)


def noun(kind: str) -> str:
    """What people call this kind of subject."""
    return NOUNS.get(kind, kind)


def label(code: str) -> str:
    """What was done, in a word or a few; the code itself for one that this version does not know."""
    return ACTIONS[code].label if code in ACTIONS else code.replace("-", " ")


def options(codes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Actions as options of a form: (code, verb, hint)."""
    return [(code, ACTIONS[code].verb, ACTIONS[code].hint) for code in codes]


class DecisionFields(BaseModel):
    """What a moderator fills in. Whoever limits something says why; a move names where to, a suspension how long."""

    model_config = ConfigDict(validate_default=True)
    action: str = ""
    reason: str = ""
    note: str = Field(default="", max_length=NOTE_LENGTH)
    facts: str = Field(default="", max_length=NOTE_LENGTH)
    community: str = ""
    days: int = 0

    @field_validator("action")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CHOOSABLE:
            raise ValueError("Please choose what should happen.")
        return value

    @field_validator("days", mode="before")
    @classmethod
    def _number(cls, value: object) -> int:
        text = str(value or "0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0

    @model_validator(mode="after")
    def _is_whole(self) -> "DecisionFields":
        if self.reason and self.reason not in BY_CODE:
            raise ValueError("Please choose one of the reasons.")
        if ACTIONS[self.action].needs_reason and not self.reason:
            raise ValueError("Please choose a reason. The author will see it.")
        if self.action == "suspend" and self.days not in SUSPENSIONS:
            raise ValueError("Please choose how long the account is suspended.")
        if self.action == "move" and not self.community.strip():
            raise ValueError("Please choose where the idea goes.")
        return self

    @property
    def lasts(self) -> timedelta | None:
        """How long it holds; None: with no end."""
        return timedelta(days=self.days) if self.action == "suspend" else None
