"""The demo in a database: true figures, every count right, all kinds of people, and only where nothing is."""

import pytest
import sqlalchemy as sa

from forum.db import Connection
from forum.domain import cases, comments, communities, ideas, lists, passwords, people, recounts, search
from forum.domain.demo import loading, presence
from forum.domain.directives import chosen, matrices, texts, views
from forum.domain.errors import Conflict
from forum.domain.exports import Origin
from forum.domain.lists import Filters
from forum.models import Case, Comment, Decision, Idea, User, Vote, Wave
from forum.signing import Signer
from forum.text import grade
from tests.making import Make


def test_the_demo_is_whole_and_its_figures_are_true(db: Connection) -> None:
    demo = loading.load(db, seal=(Signer("a secret of tests"), Origin("A forum", "https://forum.example")))
    rows = {int(row.source_id): row for row in db.execute(sa.select(Idea).where(Idea.source_id.is_not(None)))}
    assert {key: (row.up, row.down) for key, row in rows.items()} == {i.source_id: (i.up, i.down) for i in demo.ideas}
    assert all(row.imported_up >= 0 and row.imported_down >= 0 for row in rows.values())
    assert db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one() > 0
    assert {key: row.created_at for key, row in rows.items()} == {i.source_id: i.posted for i in demo.ideas}
    assert recounts.mend_all(db) == []
    assert search.check(db) == []
    assert len(communities.directory(db)) == 18
    best = lists.find(db, Filters(sort="top"), limit=3).rows
    assert [row.up - row.down for row in best] == [732, 364, 341]
    _check_threads(db)
    _check_queue(db)
    _check_sign_ins(db)


def _check_threads(db: Connection) -> None:
    rows = db.execute(sa.select(Comment.id, Comment.parent_id, Comment.path, Comment.depth)).all()
    paths = {row.id: row.path for row in rows}
    assert all(row.path == comments.path_of(paths.get(row.parent_id, ""), row.id) for row in rows)
    assert max(row.depth for row in rows) >= 3


def _check_queue(db: Connection) -> None:
    moderator = people.load(db, db.execute(sa.select(User.id).where(User.role == "moderator").limit(1)).scalar_one())
    waiting = db.execute(sa.select(sa.func.count()).where(Case.is_open)).scalar_one()
    assert cases.open_count(db, moderator) == waiting >= 10
    held = db.execute(sa.select(Idea.id).where(Idea.state == "held")).scalars().all()
    assert len(held) == 2 + 12  # first posts, and a wave
    assert all(ideas.get(db, moderator, idea_id).is_listed is False for idea_id in held)
    removed = db.execute(sa.select(Decision.subject_id).where(Decision.action == "remove")).scalars().all()
    states = db.execute(sa.select(Comment.state).where(Comment.id.in_(removed))).scalars().all()
    assert sorted(states) == ["published", "removed", "removed"]  # one removal was undone
    kinds = set(db.execute(sa.select(Case.kind).where(Case.is_open)).scalars())
    assert kinds >= {"report", "held", "spam", "duplicate", "appeal", "wave"}
    undo = db.execute(sa.select(Decision).where(Decision.undoes_id.is_not(None))).one()
    assert undo.after == {"state": "published"}
    merged = db.execute(sa.select(Idea.title).where(Idea.state == "merged")).scalars().all()
    assert merged == ["A single calendar for open meetings"]
    aside = db.execute(sa.select(Idea.up, Idea.down, Idea.aside_up).where(Idea.aside_up > 0)).one()
    assert tuple(aside) == (4, 1, 14)
    wave = db.execute(sa.select(Wave.title, Wave.member_count, Wave.state)).one()
    assert (wave.member_count, wave.state) == (12, "open")
    assert wave.title.startswith("Repeated text: ")


def _check_sign_ins(db: Connection) -> None:
    query = sa.select(User.role, User.password_hash).where(User.password_hash.is_not(None))
    rows = db.execute(query).all()
    assert {row.role for row in rows} == {"citizen", "moderator", "policy", "administrator"}
    assert passwords.is_right(rows[0].password_hash, "open-dialogue-2009")


def test_the_demo_goes_only_into_an_empty_database(db: Connection, make: Make) -> None:
    make.user()
    with pytest.raises(Conflict):
        loading.load(db)
    assert not presence.is_loaded(db)


def test_a_directive_answers_the_first_fifty_ideas(db: Connection) -> None:
    seal = Signer("a secret of tests"), Origin("A forum", "https://forum.example")
    demo = loading.load(db, seal=seal)
    [directive] = views.every(db, None)
    assert (directive.stage, directive.takes_comments) == ("comment", True)
    text = views.newest(db, directive).text
    clauses = list(text.clauses())
    assert len(clauses) >= 12
    assert all(clause.who and clause.what and clause.why and clause.how and clause.citations for clause in clauses)
    grades = [grade(" ".join((clause.what, clause.why, clause.how))).grade for clause in clauses]
    assert max(grades) <= 8, grades
    handle = next(person.handle for person in demo.people if person.role == "policy")
    writer = people.load(db, db.execute(sa.select(User.id).where(User.handle == handle)).scalar_one())
    rows = matrices.rows(db, writer, directive, text)
    answered = [row for row in rows if row.rank]
    assert len(answered) == 50 == len(chosen.ranks(db, directive.snapshot_id))
    assert all(row.outcome and row.reason for row in answered)
    assert [row.label for row in rows if row.title == "Not public any more"] == []
    drafts = [one for one in views.every(db, writer) if one.stage == "drafting"]
    assert [texts.now_written(db, one.id).title for one in drafts] == ["Public meetings by phone and web"]
