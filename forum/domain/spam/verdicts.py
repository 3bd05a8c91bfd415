"""Verdicts: the score of a post between 0 and 1, and why: rules, the account, repeats, and what decisions taught.

Each part adds log odds to a low start; probability = 1 / (1 + e^-odds).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from forum.clock import now
from forum.db import Connection
from forum.domain.spam import classifiers, lessons, repeats
from forum.domain.spam.classifiers import Learned
from forum.domain.spam.readings import Reading
from forum.domain.spam.repeats import Repeats
from forum.domain.spam.signs import Sign, many

START = -2.0  # log odds of a post of which nothing is known; so that of the good posts of 2009 about 1 in 500 is held
MOST_SIGNS = 8
MOST_NAMED = 3
_MINUTES, _HOURS = timedelta(hours=2), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Author:
    """Of an account: when it was made, how many of its posts stand, whether it belongs to an employee."""

    id: int
    created_at: datetime
    kept_count: int = 0
    is_employee: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """What is scored: an idea, a comment or a remark with its reading. `id` is None while it is being made."""

    kind: str
    author: Author
    reading: Reading
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score`: 0 to 1. `signs`: plain sentences, the strongest first. `odds`: the same as log odds, to compare by."""

    score: float
    signs: tuple[str, ...]
    odds: float
    threshold: float = lessons.THRESHOLD

    @property
    def is_over(self) -> bool:
        """Is the score so high that a moderator looks first?"""
        return self.score >= self.threshold


def score(db: Connection, post: Post, *, here: float | None = None) -> Verdict:
    """Score a post. Two or three small reads; the words were read before (readings.read).

    `here`: the threshold of its community, where that has one of its own.
    """
    model = lessons.model(db)
    known, learned = lessons.totals(model), classifiers.NOTHING
    if known.good and known.spam:
        learned = classifiers.weigh(lessons.counts(db, post.reading.features), known)
    same = repeats.of(db, post.kind, post.id, post.author.id, post.reading)
    threshold = model.threshold if model is not None else lessons.THRESHOLD
    threshold = threshold if here is None else here
    return unite(post, learned, same, threshold=threshold)


def unite(
    post: Post, learned: Learned, same: Repeats, *, threshold: float = lessons.THRESHOLD, at: datetime | None = None
) -> Verdict:
    """The verdict from its parts. Pure but for the clock, which `at` replaces."""
    found = [*post.reading.signs, *_of_repeats(same), *_of_words(post.reading, learned)]
    age = max((at or now()) - post.author.created_at, timedelta())
    account = _of_account(post.author, age)
    odds = (
        START + sum(sign.weight for sign in found) + sum(sign.weight for sign in account) + _standing(post.author, age)
    )
    odds += min(0.0, learned.odds)
    found = [sign for sign in found if sign.weight > 0]
    shown = sorted(found, key=lambda sign: -sign.weight)[:MOST_SIGNS] + (account if found else [])
    return Verdict(classifiers.probability(odds), tuple(sign.text for sign in shown), odds, threshold)


def _of_account(author: Author, age: timedelta) -> list[Sign]:
    found = []
    if age < _HOURS:
        weight = 0.8 if age < timedelta(minutes=30) else 0.4
        found.append(Sign("young", weight, f"The account is {_length(age)} old."))
    if not author.kept_count:
        found.append(Sign("no-kept", 0.3, "No other post of this account stands."))
    return found


def _length(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    count, unit = (minutes, "minute") if age < _MINUTES else (minutes // 60, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}" if count else "less than a minute"


def _standing(author: Author, age: timedelta) -> float:
    """What speaks for an account: log odds, never above 0."""
    kept = author.kept_count
    odds = 0.0 if not kept else -0.4 if kept < 3 else -1.2 if kept < 10 else -2.0
    if age > timedelta(days=30):
        odds -= 0.5
    return odds - (1.5 if author.is_employee else 0.0)


def _of_repeats(same: Repeats) -> list[Sign]:
    found = []
    if same.own:
        text = f"This account posted the same text {'once' if same.own == 1 else f'{same.own} times'} before."
        found.append(Sign("own-repeat", min(4.0, 0.5 + same.own), text))
    if same.others:
        text = f"{many(same.others, 'post')} of other accounts {'has' if same.others == 1 else 'have'} the same text."
        found.append(Sign("others-repeat", min(2.5, 0.5 + 0.5 * same.others), text))
    return found


def _of_words(reading: Reading, learned: Learned) -> list[Sign]:
    if learned.odds <= 0:
        return []
    named = [(reading.features[bucket], posts) for bucket, posts in learned.telling if reading.features[bucket]]
    named = named[:MOST_NAMED]
    if not named:
        text = "Its form is like that of removed posts."
    else:
        most = max(posts for _, posts in named)
        words = ", ".join(f"“{word}”" for word, _ in named)
        text = (
            f"{'Words' if len(named) > 1 else 'A word'} seen in {most} removed post{'' if most == 1 else 's'}: {words}."
        )
    return [Sign("learned", learned.odds, text)]
