"""Posts that we wrote and labelled to measure the spam score: spam of many kinds, and good posts that look like it.

Files of blocks: `@@ kind | age of the account in minutes | posts of it that stand | title`, then the text. A post with
no title is a comment.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """One post; `age` in minutes, `kept` the posts of its account that stand."""

    is_spam: bool
    kind: str
    age: int
    kept: int
    title: str
    body: str


def read(name: str = "") -> list[Sample]:
    """The labelled set: 100 spam posts, then 100 good ones; `check`: a smaller one, written when the rules stood."""
    start = f"{name}_" if name else ""
    return [*_read(f"{start}spam.txt", True), *_read(f"{start}good.txt", False)]


def _read(name: str, is_spam: bool) -> list[Sample]:
    found = []
    for block in (FOLDER / name).read_text("utf-8").split("@@ ")[1:]:
        head, _, body = block.partition("\n")
        kind, age, kept, title = (part.strip() for part in head.split("|", 3))
        found.append(Sample(is_spam, kind, int(age), int(kept), title, body.strip()))
    return found
