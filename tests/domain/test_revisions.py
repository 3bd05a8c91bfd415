"""Revisions: every version of a text, with what each edit took away and added, page after page."""

import pytest

from forum.db import Connection
from forum.domain import revisions
from forum.domain.errors import Invalid
from forum.domain.revisions import STEPS_SHOWN, Text
from tests.making import Make


def edits(db: Connection, make: Make, count: int) -> Text:
    user = make.user()
    for number in range(1, count + 1):
        revisions.keep(db, user, "idea", 7, Text(f"Version {number}", "Same words.", ""))
    revisions.keep(db, user, "comment", 7, Text("", "Another thing.", ""))
    return Text(f"Version {count + 1}", "Same words.", "")


def test_each_edit_is_compared_with_the_text_before_it(db: Connection, make: Make) -> None:
    history = revisions.history(db, "idea", 7, edits(db, make, 2))
    assert history.count == 2
    assert [(edit.number, edit.title) for edit in history.edits] == [
        (3, [("same", "Version "), ("del", "2"), ("add", "3")]),
        (2, [("same", "Version "), ("del", "1"), ("add", "2")]),
    ]
    assert history.edits[0].body == [("same", "Same words.")]
    assert history.next_before is None


@pytest.mark.parametrize("count", [0, 1, STEPS_SHOWN - 1, STEPS_SHOWN, STEPS_SHOWN + 1, 3 * STEPS_SHOWN + 2])
def test_paging_shows_every_edit_once_with_the_right_neighbors(db: Connection, make: Make, count: int) -> None:
    current = edits(db, make, count)
    seen, before = [], ""
    while True:
        history = revisions.history(db, "idea", 7, current, before=before)
        seen += history.edits
        assert len(history.edits) <= STEPS_SHOWN
        if history.next_before is None:
            break
        before = str(history.next_before)
    assert [edit.number for edit in seen] == list(range(count + 1, 1, -1))
    for edit in seen:
        assert [words for kind, words in edit.title if kind == "add"] == [str(edit.number)]
        assert [words for kind, words in edit.title if kind == "del"] == [str(edit.number - 1)]


@pytest.mark.parametrize("before", ["x", "-1", "1" * 30, "1.5"])
def test_a_wrong_key_is_refused(db: Connection, make: Make, before: str) -> None:
    with pytest.raises(Invalid):
        revisions.history(db, "idea", 7, edits(db, make, 1), before=before)


def test_a_mark_tells_texts_apart() -> None:
    assert revisions.mark(Text("a", "b", "")) == revisions.mark(Text("a", "b", ""))
    assert len({revisions.mark(text) for text in (Text("a", "b", ""), Text("ab", "", ""), Text("a", "", "b"))}) == 3
