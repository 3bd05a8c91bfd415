"""What changed between two versions of a text, word by word."""

import re
from typing import Literal

Change = tuple[Literal["same", "add", "del"], str]

# A word, a run of spaces, one sign, or one letter of a script that writes without spaces.
_PIECES = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]|[^\\s\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e"
    "\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+|\\s+|."
)
# The comparison keeps a bit for each pair of pieces, here 16 MB.
_MOST_PAIRS = 128_000_000


def differences(old: str, new: str) -> list[Change]:
    """The way from `old` to `new` as stretches of text that stay, are added or are deleted, words kept whole.

    All but `add` joined is `old`, all but `del` joined is `new`; a deletion stands before the addition in its place.
    It is the longest common subsequence of words (Hyyr\u00f6 2004, bit-parallel, as rapidfuzz does it); a lone sign or
    space that happens to be equal between two changes counts as changed, so that the result can be read. Past some
    30,000 characters between the first and the last change, it compares lines instead of words.
    """
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    changes: list[Change] = []
    start, end = _common_ends(before, after)
    middle_before, middle_after = before[start : len(before) - end], after[start : len(after) - end]
    _append(changes, "same", before[:start])
    if len(middle_before) * len(middle_after) > _MOST_PAIRS:
        middle_before, middle_after = _lines(middle_before), _lines(middle_after)
    if len(middle_before) * len(middle_after) > _MOST_PAIRS:
        _append(changes, "del", middle_before)
        _append(changes, "add", middle_after)
    else:
        _compare(changes, middle_before, middle_after)
    _append(changes, "same", before[len(before) - end :])
    return changes


def _lines(pieces: list[str]) -> list[str]:
    return "".join(pieces).splitlines(keepends=True)


def _common_ends(before: list[str], after: list[str]) -> tuple[int, int]:
    most = min(len(before), len(after))
    start = next((i for i in range(most) if before[i] != after[i]), most)
    most -= start
    end = next((i for i in range(most) if before[-1 - i] != after[-1 - i]), most)
    return start, end


def _compare(changes: list[Change], before: list[str], after: list[str]) -> None:
    from rapidfuzz.distance import LCSseq  # here: 4 MB that most processes never need

    deleted: list[str] = []
    added: list[str] = []
    for step in LCSseq.opcodes(before, after):
        same = before[step.src_start : step.src_end]
        if step.tag == "equal" and any(char.isalnum() for piece in same for char in piece):
            _append(changes, "del", deleted)
            _append(changes, "add", added)
            _append(changes, "same", same)
            deleted, added = [], []
            continue
        deleted += same
        added += after[step.dest_start : step.dest_end]
    _append(changes, "del", deleted)
    _append(changes, "add", added)


def _append(changes: list[Change], kind: Literal["same", "add", "del"], pieces: list[str]) -> None:
    words = "".join(pieces)
    if not words:
        return
    if changes and changes[-1][0] == kind:
        words = changes.pop()[1] + words
    changes.append((kind, words))
