"""The index stays in step with ideas and comments, counts its words, and is made anew and checked."""

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import search
from forum.domain.search import Document, vocabularies
from forum.models import Comment, Idea, SearchDocument, SearchTerm, SearchTotal
from tests.making import Make


def found(db: Connection, query: str) -> list[int]:
    """The ids of what is found, the best first."""
    return [hit.object_id for hit in search.find(db, query).hits]


def counted(db: Connection) -> dict[str, int]:
    """Every stem in use with its count."""
    rows = db.execute(sa.select(SearchTerm.term, SearchTerm.document_count).where(SearchTerm.document_count != 0))
    return {term: count for term, count in rows}  # noqa: C416


def put(make: Make, idea_id: int, title: str, body: str = "", **more: object) -> None:
    facts = {"community_id": None, "created_at": now(), **more}
    search.put(make.db, "idea", idea_id, title=title, body=body, **facts)  # type: ignore[arg-type]


def test_an_edited_text_is_found_by_its_new_words_only(make: Make) -> None:
    idea_id = make.idea()
    put(make, idea_id, "Plant chestnuts", "They give shade.")
    put(make, idea_id, "Plant lindens", "They give honey.")
    assert found(make.db, "lindens honey") == [idea_id]
    assert found(make.db, "chestnuts") == []
    assert found(make.db, '"give shade"') == []


def test_what_is_hidden_comes_back_when_shown_and_never_when_removed(make: Make) -> None:
    idea_id = make.idea()
    put(make, idea_id, "Plant chestnuts")
    for _ in range(2):
        search.hide(make.db, "idea", idea_id)
        assert found(make.db, "chestnuts") == []
    for _ in range(2):
        search.show(make.db, "idea", idea_id)
        assert found(make.db, "chestnuts") == [idea_id]
    search.remove(make.db, "idea", idea_id)
    search.remove(make.db, "idea", idea_id)
    search.show(make.db, "idea", idea_id)
    assert found(make.db, "chestnuts") == []


def test_an_edit_of_something_hidden_does_not_show_it(make: Make) -> None:
    idea_id = make.idea()
    put(make, idea_id, "Plant chestnuts")
    search.hide(make.db, "idea", idea_id)
    put(make, idea_id, "Plant lindens")
    assert found(make.db, "lindens") == []
    search.show(make.db, "idea", idea_id)
    assert found(make.db, "lindens") == [idea_id]


@pytest.mark.parametrize("when", ["before", "after"])
def test_counts_follow_edits_hiding_and_removal_whenever_they_were_folded_in(make: Make, when: str) -> None:
    one, two, three, gone = (make.idea() for _ in range(4))
    for idea_id in (one, two, three, gone):
        put(make, idea_id, "Plant chestnuts", "Shade")
    if when == "before":
        assert search.fold_in(make.db) == 4
    put(make, one, "Plant lindens", "Honey honey")
    search.hide(make.db, "idea", two)
    search.remove(make.db, "idea", gone)
    search.hide(make.db, "idea", three)
    search.show(make.db, "idea", three)
    while search.fold_in(make.db, most=1):
        pass
    assert counted(make.db) == {"plant": 2, "chestnut": 1, "shade": 1, "linden": 1, "honey": 1}
    assert vocabularies.totals(make.db).documents == 2
    assert search.fold_in(make.db) == 0


def test_many_are_put_in_at_once_and_counted(make: Make) -> None:
    ids = [make.idea() for _ in range(5)]
    documents = [
        Document("idea", idea_id, "Plant chestnuts", f"Number {idea_id}", now(), is_visible=idea_id != ids[0])
        for idea_id in ids
    ]
    assert search.put_many(make.db, iter(documents)) == 5
    assert sorted(found(make.db, "chestnuts")) == ids[1:]
    assert counted(make.db)["chestnut"] == 4
    put(make, ids[1], "Plant lindens")
    assert counted(make.db)["chestnut"] == 3
    extra = make.idea()
    put(make, extra, "Plant chestnuts")
    assert extra in found(make.db, "chestnuts")


def test_an_idea_with_all_its_comments_moves(make: Make) -> None:
    here, there = make.community(), make.community()
    idea_id = make.idea(title="Plant chestnuts", community=here)
    search.refresh(make.db, "idea", idea_id)
    comment_id = make.comment(idea_id, body="Chestnuts!")
    search.refresh(make.db, "comment", comment_id)
    make.db.execute(sa.update(Idea).where(Idea.id == idea_id).values(community_id=there.id))
    search.moved(make.db, idea_id)
    hits = search.find(make.db, "chestnuts", community_id=there.id).hits
    assert {hit.kind for hit in hits} == {"idea", "comment"}
    assert search.find(make.db, "chestnuts", community_id=here.id).hits == []


def test_rebuilding_gives_the_index_that_grew_step_by_step(make: Make) -> None:
    ids = [make.idea(title=f"Plant chestnuts {number}", body="Shade *and* more", why="Heat") for number in range(3)]
    ids.append(make.idea(title="Held back", state="held", is_listed=False, is_public=False))
    comment_id = make.comment(ids[0], body="Chestnuts!")
    for idea_id in ids:
        search.refresh(make.db, "idea", idea_id)
    search.refresh(make.db, "comment", comment_id)
    search.fold_in(make.db)
    columns = (SearchDocument.kind, SearchDocument.object_id, SearchDocument.words, SearchDocument.marks)
    documents = sa.select(*columns).order_by(SearchDocument.kind, SearchDocument.object_id)
    before = make.db.execute(documents).all(), counted(make.db)
    totals = make.db.execute(sa.select(SearchTotal.document_count, SearchTotal.word_count)).all()
    assert search.rebuild(make.db) == 5
    assert (make.db.execute(documents).all(), counted(make.db)) == before
    assert make.db.execute(sa.select(SearchTotal.document_count, SearchTotal.word_count)).all() == totals
    assert len(found(make.db, "heat")) == 3
    assert search.check(make.db) == []


def test_the_check_names_what_is_missing_stale_or_left_over_and_rebuilding_mends_it(make: Make) -> None:
    ids = [make.idea(title=f"Plant chestnuts {number}") for number in range(8)]
    comment_id = make.comment(ids[0], body="Chestnuts!")
    for idea_id in ids[1:]:
        search.refresh(make.db, "idea", idea_id)
    assert search.check(make.db) == [
        f"Search: these ideas can't be found: {ids[0]}. Rebuild the index.",
        f"Search: these comments can't be found: {comment_id}. Rebuild the index.",
    ]
    make.db.execute(sa.update(Idea).where(Idea.id == ids[1]).values(title="Another title"))
    make.db.execute(sa.update(Idea).where(Idea.id == ids[2]).values(state="removed"))
    put(make, 10_000, "Nobody's idea")
    make.db.execute(sa.delete(SearchDocument).where(SearchDocument.object_id == ids[3]))
    findings = "\n".join(search.check(make.db))
    assert f"as they were before a change: {ids[1]}, {ids[2]}." in findings
    assert "are gone: 10000." in findings
    assert f"can't be found: {ids[0]}, {ids[3]}." in findings
    search.rebuild(make.db)
    assert search.check(make.db) == []


def test_an_index_that_lost_entries_is_noticed(make: Make) -> None:
    search.refresh(make.db, "idea", make.idea())
    lost = "DELETE FROM search_index"
    if make.db.dialect.name == "sqlite":
        lost = "INSERT INTO search_index (search_index) VALUES ('delete-all')"
    make.db.execute(sa.text(lost))
    assert search.check(make.db) == ["Search: the index holds 0 of 1 ideas. Rebuild it."]


def test_comments_of_a_hidden_idea_are_no_finding(make: Make) -> None:
    idea_id = make.idea(state="removed", is_listed=False, is_public=False)
    comment_id = make.comment(idea_id, body="Chestnuts!")
    search.refresh(make.db, "idea", idea_id)
    search.refresh(make.db, "comment", comment_id)
    assert search.check(make.db) == []
    search.hide(make.db, "comment", comment_id)
    assert search.check(make.db) == []


def test_a_comment_that_is_gone_is_forgotten_by_a_refresh(make: Make) -> None:
    comment_id = make.comment(make.idea(), body="Chestnuts!")
    search.refresh(make.db, "comment", comment_id)
    make.db.execute(sa.delete(Comment).where(Comment.id == comment_id))
    search.refresh(make.db, "comment", comment_id)
    assert found(make.db, "chestnuts") == []
