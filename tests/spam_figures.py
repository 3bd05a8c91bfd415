"""How well the spam score works: `python -m tests.spam_figures` prints precision and recall on what there is to try.

The labelled set is ours (tests/spam_samples). The data of others lie beside the project (../shared/data) and are not
part of it; what is not there is left out.
"""

import csv
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forum import text
from forum.domain import spam
from forum.domain.spam import classifiers, readings, verdicts
from forum.domain.spam.classifiers import Totals
from forum.domain.spam.readings import Reading
from forum.domain.spam.repeats import Repeats
from forum.domain.spam.verdicts import Author, Post, Verdict
from tests import petitions, spam_samples

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Labelled:
    """A post that has been read, with what it is: `group` is its kind of spam, or of good post."""

    is_spam: bool
    group: str
    author: Author
    reading: Reading
    name: str = ""


@dataclass(slots=True)
class Learner:
    """The classifier of the database, in memory."""

    good: Counter[int] = field(default_factory=Counter)
    spam: Counter[int] = field(default_factory=Counter)
    totals: list[int] = field(default_factory=lambda: [0, 0])

    def learn(self, posts: Iterable[Labelled]) -> "Learner":
        """Learn the labels of these posts."""
        for post in posts:
            (self.spam if post.is_spam else self.good).update(post.reading.features.keys())
            self.totals[post.is_spam] += 1
        return self

    def verdict(self, post: Labelled) -> Verdict:
        """The verdict on a post, by all that was learned."""
        counts = {
            bucket: (self.good[bucket], self.spam[bucket])
            for bucket in post.reading.features
            if self.good[bucket] or self.spam[bucket]
        }
        learned = classifiers.weigh(counts, Totals(*self.totals))
        return verdicts.unite(Post("idea", post.author, post.reading), learned, Repeats(), at=NOW)


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out at one threshold."""

    right: int
    held: int
    spam: int
    good: int

    @property
    def precision(self) -> float:
        return self.right / self.held if self.held else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.spam if self.spam else 0.0

    @property
    def wrong(self) -> int:
        return self.held - self.right

    def __str__(self) -> str:
        return (
            f"precision {self.precision:6.1%}, recall {self.recall:6.1%}, good posts held {self.wrong} of {self.good}"
        )


Judged = tuple[Labelled, Verdict]


def figures(judged: Iterable[Judged], threshold: float = spam.THRESHOLD) -> Figures:
    """Precision and recall of verdicts at a threshold."""
    judged = list(judged)
    held = [post for post, verdict in judged if verdict.score >= threshold]
    spam_count = sum(post.is_spam for post, _ in judged)
    return Figures(sum(post.is_spam for post in held), len(held), spam_count, len(judged) - spam_count)


def samples(name: str = "") -> list[Labelled]:
    """The labelled set of the project (or its check set), read."""
    found = []
    for sample in spam_samples.read(name):
        author = Author(1, NOW - timedelta(minutes=sample.age), sample.kept)
        reading = readings.read(sample.title, sample.body)
        found.append(Labelled(sample.is_spam, sample.kind, author, reading, sample.title or sample.body[:40]))
    return found


def crossed(posts: Sequence[Labelled], folds: int = FOLDS, seed: int = 1) -> list[Judged]:
    """Each post judged by a classifier that learned only the other folds."""
    shuffled = list(posts)
    random.Random(seed).shuffle(shuffled)
    judged = []
    for fold in range(folds):
        learner = Learner().learn(post for place, post in enumerate(shuffled) if place % folds != fold)
        judged += [(post, learner.verdict(post)) for place, post in enumerate(shuffled) if place % folds == fold]
    return judged


def without_kind(posts: Sequence[Labelled]) -> list[Judged]:
    """Each post judged by a classifier that never saw its kind: what happens when a new kind of spam arrives."""
    judged = []
    for group in dict.fromkeys(post.group for post in posts):
        learner = Learner().learn(post for post in posts if post.group != group)
        judged += [(post, learner.verdict(post)) for post in posts if post.group == group]
    return judged


def dialogue(age: timedelta = timedelta(minutes=5)) -> list[Labelled]:
    """The ideas and comments of 2009 as good posts of accounts that were just made, the worst case."""
    folder, author = DATA / "dialogue-2009", Author(1, NOW - age)
    found = []
    for file, title, body in (("ideas.csv", "Title", "Details"), ("comments.csv", "", "Comment")):
        with (folder / file).open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                words = row[title] if title else ""
                reading = readings.read(words, text.from_html(row[body]))
                found.append(Labelled(False, "2009", author, reading, words or row[body][:60]))
    return found


def uk_petitions(rejection: str) -> list[Labelled]:
    """Petitions that were published as good, those rejected with this code in the place of spam."""
    author, found = Author(1, NOW - timedelta(minutes=5)), []
    for file in sorted(petitions.FOLDER.glob("petitions-*.json")):
        for row in json.loads(file.read_text("utf-8"))["data"]:
            about = row["attributes"]
            code = (about["rejection"] or {}).get("code", "")
            if about["state"] in ("open", "closed") or code == rejection:
                body = "\n\n".join(filter(None, (about["background"], about["additional_details"])))
                reading = readings.read(about["action"], body)
                found.append(Labelled(code == rejection, code, author, reading, about["action"]))
    return found


def area(judged: Sequence[Judged]) -> float:
    """The chance that a post labelled spam scores above a good one (Hanley and McNeil, 1982)."""
    ordered = sorted((verdict.odds, post.is_spam) for post, verdict in judged)
    good = better = 0
    for _, is_spam in ordered:
        better += good if is_spam else 0
        good += not is_spam
    spam_count = len(ordered) - good
    return better / (good * spam_count) if good and spam_count else 0.5


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print every figure."""
    ours, check, nothing = samples(), samples("check"), Learner()
    say(f"Threshold {spam.THRESHOLD}. Labelled set: {len(ours)} posts of our own.")
    rules = [(post, nothing.verdict(post)) for post in ours]
    taught = crossed(ours)
    say(f"  rules alone, nothing learned      {figures(rules)}")
    say(f"  learning, {FOLDS} folds                {figures(taught)}")
    say(f"  learning, kind never seen         {figures(without_kind(ours))}")
    for threshold in (0.5, 0.8, 0.95):
        say(f"  learning, {FOLDS} folds, at {threshold:4}       {figures(taught, threshold)}")
    say(f"Check set: {len(check)} posts that we wrote when the rules stood.")
    learner = Learner().learn(ours)
    say(f"  rules alone                       {figures((post, nothing.verdict(post)) for post in check)}")
    say(f"  learned the labelled set          {figures((post, learner.verdict(post)) for post in check)}")
    for post, verdict in taught:
        if verdict.is_over != post.is_spam:
            say(f"    wrong: {verdict.score:.2f} {'spam' if post.is_spam else 'good'} ({post.group}) {post.name}")
    if (DATA / "dialogue-2009").is_dir():
        _say_dialogue(ours)
    if petitions.FOLDER.is_dir():
        _say_petitions()


def _say_dialogue(ours: Sequence[Labelled]) -> None:
    began = time.process_time()
    posts = dialogue()
    each = (time.process_time() - began) / len(posts)
    say(f"Dialogue of 2009: {len(posts)} ideas and comments as good posts; reading took {each * 1000:.1f} ms each.")
    nothing, learner = Learner(), Learner().learn(ours)
    older = [Labelled(False, "2009", Author(1, NOW - timedelta(days=10), 1), post.reading) for post in posts]
    for what, who, teacher in (
        ("accounts 5 minutes old, rules alone      ", posts, nothing),
        ("accounts 5 minutes old, our set learned  ", posts, learner),
        ("accounts 10 days old, one post that stands", older, learner),
    ):
        held = figures((post, teacher.verdict(post)) for post in who).held
        say(f"  {what}: {held} held, 1 in {len(posts) / max(held, 1):.0f}")
    spam_posts = [post for post in ours if post.is_spam]
    mixed = crossed([*spam_posts, *posts])
    say(f"  with our own spam posts, {FOLDS} folds     : {figures(mixed)}, area {area(mixed):.4f}")


def _say_petitions() -> None:
    say("Petitions of the United Kingdom: rejected ones in the place of spam, which they are not.")
    for code in ("irrelevant", "no-action", "duplicate"):
        posts = uk_petitions(code)
        rules = figures((post, Learner().verdict(post)) for post in posts)
        judged = crossed(posts)
        found = figures(judged)
        say(f"  {code:10} {found.spam} of {len(posts)}: rules alone hold {rules.held} ({rules.right} of the rejected)")
        say(f"  {'':10} learned in {FOLDS} folds: area {area(judged):.3f}; {found}")
        best = max((figures(judged, step / 100) for step in range(2, 99)), key=_harmonic)
        say(f"  {'':10} at the threshold that suits them best: {best}")


def _harmonic(found: Figures) -> float:
    total = found.precision + found.recall
    return 2 * found.precision * found.recall / total if total else 0.0


if __name__ == "__main__":
    main()
