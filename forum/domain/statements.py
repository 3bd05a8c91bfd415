"""Statements of reasons: what a decision says to those it is about, on its page and by mail alike.

The parts follow article 17 of the EU Digital Services Act: what was decided and how far it reaches, for how long, on
which facts, whether a reader's report or a program led to it, the rule, and how to appeal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from forum import text
from forum.clock import now
from forum.db import Connection
from forum.domain import notifications
from forum.domain.actions import ACTIONS, label
from forum.domain.decisions import DecisionView
from forum.domain.notifications import Telling
from forum.domain.reasons import BY_CODE
from forum.domain.reasons import label as reason_label

APPEAL_TIME = timedelta(days=184)
"""How long an appeal can be made: no six months are longer than this."""

_MACHINES = {
    "": "A person found it and a person decided. No program took part.",
    "found": "A program brought it up. A person looked at it and decided.",
    "decided": "A program decided, without a person.",
}


def appeal_until(decision: DecisionView) -> datetime:
    """The last moment for an appeal against this decision."""
    return decision.created_at + APPEAL_TIME


def can_be_appealed(decision: DecisionView) -> bool:
    """Does it limit something, is it in force, and is there still time?"""
    is_restriction = decision.action in ACTIONS and ACTIONS[decision.action].is_restriction
    return is_restriction and decision.is_in_force and now() < appeal_until(decision)


def what_of(decision: DecisionView, subject_label: str) -> str:
    """What was decided, for its author: `Your idea “…” was removed.`"""
    if decision.undoes_id is not None:
        return f"An earlier decision was undone. Your {subject_label} {ACTIONS['undo'].told}."
    told = ACTIONS[decision.action].told if decision.action in ACTIONS else label(decision.action).lower()
    if decision.action == "keep" and decision.state_before == decision.state_after:
        told = "stays as it is"
    return f"Your {subject_label} {told}."


def parts(decision: DecisionView, subject_label: str) -> list[tuple[str, str]]:
    """Every part of the statement: (name, text)."""
    found = [("What", what_of(decision, subject_label))]
    if decision.action in ACTIONS:
        found.append(("What it means", ACTIONS[decision.action].scope))
    if decision.ends_at is not None:
        found.append(("Until", f"{text.moment(decision.ends_at)}. Then it ends by itself."))
    if decision.facts:
        found.append(("Facts", decision.facts))
    if decision.reason in BY_CODE:
        reason = BY_CODE[decision.reason]
        found.append(("Rule", f"{reason.label}. {reason.text}"))
    if decision.note:
        found.append(("Message", decision.note))
    found.append(("Who decided", f"{decision.office or 'Moderators'}. {_MACHINES[decision.machine]}"))
    if decision.action in ACTIONS and ACTIONS[decision.action].is_restriction and decision.is_in_force:
        found.append(("If you disagree", _remedies(decision)))
    return found


def _remedies(decision: DecisionView) -> str:
    return (
        f"You can appeal once, until {text.date(appeal_until(decision))}. Another moderator then looks at it."
        " You can also go to a court or to an office for such disputes."
    )


def tell_author(db: Connection, decision: DecisionView, subject_label: str, subject_kind: str) -> None:
    """Send the author the whole statement, in the list of notifications and by mail. `subject_kind` is a noun."""
    reason = "it is your account" if subject_kind == "account" else "it is your post"
    telling = _for_author(Told(decision, subject_label, subject_kind))
    notifications.later(db, [decision.author_id], telling, reason=reason)


@dataclass(frozen=True, slots=True)
class Told:
    """What an author is told of one post: the decision, `label` and `noun` of the post.

    `event`: the id of the decision by which it came to that, where an earlier one is in force again.
    """

    decision: DecisionView
    label: str
    noun: str
    event: int = 0


def tell_authors(db: Connection, made: Sequence[Told]) -> None:
    """Send statements about many posts that one act decided on: one for each author, about all of theirs."""
    of_author: dict[int, list[Told]] = {}
    for one in made:
        of_author.setdefault(one.decision.author_id, []).append(one)
    tellings = [
        (author_id, _for_author(theirs[0], [one.noun for one in theirs[1:]])) for author_id, theirs in of_author.items()
    ]
    notifications.later_many(db, tellings, reason="it is your post")


def _for_author(told: Told, more: Sequence[str] = ()) -> Telling:
    """`more`: what the other posts of the author are called that got the same decision in the same act."""
    decision, noun = told.decision, told.noun
    if decision.undoes_id is not None:
        title = f"A decision about your {noun} was undone"
    elif decision.action == "warn":
        title = f"A warning about your {noun}"
    else:
        title = f"Your {noun} {ACTIONS[decision.action].told}"
    lines = [text if name == "What" else f"{name}: {text}" for name, text in parts(decision, told.label)]
    if more:
        word = noun if {*more} == {noun} else "post"
        lines.insert(1, f"The same goes for {len(more):,} more of your {word}s. The page of the decision names them.")
    lines.append("This is the page of the decision. There you can appeal, if it limits something.")
    event = f"decision:{told.event or decision.id}"
    return Telling(event, "moderation.decided", title, decision.path, "\n\n".join(lines))


class About(Protocol):
    """A post as those are told of it who reported it."""

    @property
    def noun(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def path(self) -> str: ...


def tell_reporters(db: Connection, decision: DecisionView, subject: About, reporters: list[int]) -> None:
    """Tell those who reported a post what became of it."""
    is_kept = decision.action in ("keep", "unlock")
    what = "stays as it is" if is_kept else ACTIONS[decision.action].told
    text = f"Thank you for your report. A moderator looked at it. The {subject.label} {what}."
    if not is_kept and decision.reason:
        text += f" The reason: {reason_label(decision.reason)}."
    telling = Telling(
        f"report:{decision.id}", "report.decided", f"Your report: the {subject.noun} {what}", subject.path, text
    )
    notifications.later(db, reporters, telling, reason="you reported this post")


def facts_of(kind: str, report_reasons: Mapping[str, int], details: Mapping[str, object]) -> str:
    """What a decision relies on, from the case it was made in: the reports, the signs that a program saw."""
    lines: list[str] = []
    if report_reasons:
        count = sum(report_reasons.values())
        who = "A reader reported it" if count == 1 else f"{count} readers reported it"
        lines.append(f"{who}: {', '.join(reason_label(code).lower() for code in report_reasons)}.")
    if kind == "held":
        lines.append("It waited for a check before others could see it.")
    signs = details.get("signs")
    if isinstance(signs, list) and signs:
        lines.append("A program saw: " + "; ".join(str(sign).rstrip(".") for sign in signs) + ".")
    elif kind in ("spam", "duplicate", "wave"):
        lines.append("A program brought it up.")
    return " ".join(lines)
