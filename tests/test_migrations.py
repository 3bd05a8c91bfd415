"""Migrations of filled databases: what was there before is there afterwards, with what is new filled in."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import command

from forum import schema
from forum.clock import now, to_microseconds
from forum.db import Connection, Database, insert
from forum.domain import cases, decisions, people, recounts, remarks, tags, undoing
from forum.models import Case, Decision, Idea, IdeaTag, RecommendationComment, User

_MOMENT = 1_700_000_000_000_000
_USER = (
    "INSERT INTO users (id, handle, name, email, role, status, is_employee, agency_name, job_title, bio, trust_level,"
    " kept_count, unread_count, wants_mail, language, created_at)"
    " VALUES (:id, :handle, 'Somebody', NULL, 'citizen', 'active', :no, '', '', '', 0, 0, 0, :no, 'en', :moment)"
)
_COMMUNITY = (
    "INSERT INTO communities (id, slug, name, group_name, purpose, guidelines, guidelines_version, status, visibility,"
    " posting, moderation, vote_kind, banner, idea_count, member_count, created_at)"
    " VALUES (1, 'here', 'Here', '', '', '', 1, 'open', 'public', 'everyone', 'after', 'both', 1, 0, 0, :moment)"
)
_IDEA = (
    "INSERT INTO ideas (id, community_id, author_id, title, slug, excerpt, language, status, state, is_listed,"
    " is_public, is_by_employee, is_locked, up, down, imported_up, imported_down, employee_up, employee_down, net,"
    " approval, trending, contested, uncertainty, comment_count, shuffle, created_at)"
    " VALUES (1, 1, 1, 'An idea', 'an-idea', '', 'en', 'open', 'removed', :no, :no, :no, :no, 0, 0, 0, 0, 0, 0, 0,"
    " 0, 0, 0, 1, 0, 7, :moment)"
)
_CASE = (
    "INSERT INTO cases (id, kind, subject_kind, subject_id, community_id, author_id, is_open, report_count, opened_at,"
    " due_at, closed_at, details) VALUES (1, 'report', 'idea', 1, 1, 1, :no, 1, :moment, :moment, :moment, '{}')"
)
_DECISION = (
    "INSERT INTO decisions (id, case_id, subject_kind, subject_id, community_id, action, reason, note, state_before,"
    " state_after, is_automated, decided_by_id, created_at)"
    " VALUES (:id, :case_id, 'idea', 1, 1, 'remove', 'spam', 'Once.', 'published', 'removed', :auto, 2, :moment)"
)


def emptied(database_url: str) -> Database:
    """The database without a single table."""
    database = Database(database_url)
    with database.transaction() as db:
        if db.dialect.name == "postgresql":
            db.execute(sa.text("DROP SCHEMA public CASCADE"))
            db.execute(sa.text("CREATE SCHEMA public"))
    if database.is_sqlite:
        database.close()
        assert database.path is not None
        database.path.unlink()
        database = Database(database_url)
    return database


def upgrade(db: Connection, revision: str) -> None:
    """Run the migrations up to this one."""
    config = schema._config()
    config.attributes["connection"] = db
    command.upgrade(config, revision)


def test_old_decisions_get_their_authors_and_their_cases(database_url: str) -> None:
    database = emptied(database_url)
    with database.transaction() as db:
        upgrade(db, "0002")
        values: dict[str, Any] = {"no": False, "moment": _MOMENT}
        for number, handle in ((1, "author"), (2, "boss")):
            db.execute(sa.text(_USER), {**values, "id": number, "handle": handle})
        for statement in (_COMMUNITY, _IDEA, _CASE):
            names = {name: value for name, value in values.items() if f":{name}" in statement}
            db.execute(sa.text(statement), names)
        for number, case_id, auto in ((1, 1, False), (2, None, True)):
            db.execute(sa.text(_DECISION), {"id": number, "case_id": case_id, "auto": auto, "moment": _MOMENT})
    schema.migrate(database)
    with database.reading() as db:
        rows = db.execute(sa.select(Decision).order_by(Decision.id)).mappings().all()
        assert [(row["author_id"], row["machine"]) for row in rows] == [(1, ""), (1, "decided")]
        assert [(row["note"], row["before"], row["act_id"]) for row in rows] == [("Once.", {}, "")] * 2
        assert tuple(db.execute(sa.select(Case.weight, Case.decision_id)).one()) == (0.0, 1)
        assert db.execute(sa.select(User.suspended_until)).scalars().all() == [None, None]
    database.close()


_EDITION = (
    "INSERT INTO directive_editions (id, directive_id, number, kind, content, digest, published_at)"
    " VALUES (:id, 1, :id, 'comment', :content, '', :moment)"
)
_DIRECTIVE = (
    "INSERT INTO directives (id, title, slug, introduction, version, stage, edition_id, publication, created_by_id,"
    " created_at) VALUES (1, 'A secret new title', 'x', '', 3, 'drafting', 2, 0, 2, :moment)"
)
_PART = (
    "INSERT INTO directive_parts (id, directive_id, position, title, introduction, version)"
    " VALUES (1, 1, 1, 'A part', '', 1)"
)
_CLAUSE = (
    "INSERT INTO recommendations (id, directive_id, part_id, position, title, who, what, why, how, version)"
    " VALUES (7, 1, 1, 1, 'Secret', '', '', '', '', 3)"
)
_REMARK = (
    "INSERT INTO recommendation_comments (id, directive_id, recommendation_id, version, author_id, body, state,"
    " created_at, reason, removed_by_id, answer) VALUES (:id, 1, 7, :version, 1, :body, :state, :moment, :reason,"
    " :by, '')"
)


def content(title: str, clause: str, version: int) -> str:
    """An edition as it was written by the version before."""
    return json.dumps(
        {"title": title, "parts": [{"clauses": [{"id": 7, "label": "1.1", "title": clause, "version": version}]}]}
    )


def test_comments_on_recommendations_get_headings_and_decisions(database_url: str) -> None:
    database = emptied(database_url)
    with database.transaction() as db:
        upgrade(db, "0012")
        values: dict[str, Any] = {"no": False, "moment": _MOMENT}
        for number, handle in ((1, "author"), (2, "boss")):
            db.execute(sa.text(_USER), {**values, "id": number, "handle": handle})
        db.execute(sa.text("UPDATE users SET role = 'moderator' WHERE id = 2"))
        db.execute(sa.text("UPDATE users SET kept_count = 4 WHERE id = 1"))
        for statement in (_COMMUNITY, _DIRECTIVE, _PART, _CLAUSE):
            db.execute(sa.text(statement), {"moment": _MOMENT} if ":moment" in statement else {})
        editions = ((1, content("Records online", "Post records", 1)), (2, content("Records", "Post them all", 2)))
        for number, words in editions:
            db.execute(sa.text(_EDITION), {"id": number, "content": words, "moment": _MOMENT})
        rows = (
            (1, 1, "Good.", "published", "", None),
            (2, 2, "Better.", "published", "", None),
            (3, 2, "Fools!", "removed", "personal-attack", 2),
            (4, 1, "Never mind.", "withdrawn", "", None),
        )
        for number, version, body, state, reason, by in rows:
            row = {"id": number, "version": version, "body": body, "state": state, "reason": reason, "by": by}
            db.execute(sa.text(_REMARK), {**row, "moment": _MOMENT})
        db.execute(sa.text(_CASE), values)
    schema.migrate(database)
    with database.transaction() as db:
        boss, author = people.load(db, 2), people.load(db, 1)
        rows_now = db.execute(sa.select(RecommendationComment).order_by(RecommendationComment.id)).mappings().all()
        assert [(row["body"], row["state"]) for row in rows_now] == [(row[2], row[3]) for row in rows]
        headings = [row["heading"] for row in rows_now]
        newer, older = "Records: 1.1 Post them all", "Records online: 1.1 Post records"
        assert headings == [older, newer, newer, older]
        [decided] = decisions.about(db, author.id)
        assert (decided.subject_kind, decided.subject_id, decided.reason) == ("remark", 3, "personal-attack")
        assert "not of the removal" in decided.facts
        assert db.execute(sa.select(User.kept_count).where(User.id == 1)).scalar_one() == 6
        assert [one.reason for one in remarks.of(db, None, 1)[7]] == ["", "", "personal-attack", ""]
        undoing.undo(db, boss, decided.id)
        assert remarks.get(db, None, 3).body == "Fools!"
        assert db.execute(sa.select(Case.community_id).where(Case.id == 1)).scalar_one() == 1
        key = {"kind": "report", "subject_kind": "remark", "subject_id": 3, "author_id": 1, "is_open": True}
        case_id = insert(db, Case, id=2, **key, report_count=0, opened_at=now(), due_at=now(), details={})
        assert cases.get(db, boss, case_id).title == newer
        assert db.execute(sa.select(User.kept_count).where(User.id == 1)).scalar_one() == 3
        assert recounts.check(db, "users", [1, 2]) == []
        if database.is_sqlite:
            assert db.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert db.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    database.close()


def test_rows_of_tags_get_copies_of_their_ideas_and_lose_them_on_the_way_back(database_url: str) -> None:
    database = emptied(database_url)
    with database.transaction() as db:
        upgrade(db, "0014")
        values: dict[str, Any] = {"no": False, "moment": _MOMENT}
        db.execute(sa.text(_USER), {**values, "id": 1, "handle": "author"})
        for statement in (_COMMUNITY, _IDEA):
            db.execute(sa.text(statement), {name: one for name, one in values.items() if f":{name}" in statement})
        db.execute(sa.text("UPDATE ideas SET net = -3, approval = 0.1, trending = 2.5, comment_count = 4"))
        for number in (1, 2):
            db.execute(
                sa.text("INSERT INTO tags (id, slug, name, idea_count) VALUES (:id, :id, :id, 0)"), {"id": number}
            )
            db.execute(sa.text("INSERT INTO idea_tags (idea_id, tag_id) VALUES (1, :id)"), {"id": number})
    for _ in range(2):
        schema.migrate(database)
        with database.transaction() as db:
            rows = db.execute(sa.select(IdeaTag).order_by(IdeaTag.tag_id)).all()
            assert [row[:8] for row in rows] == [(tag_id, 1, False, -3, 0.1, 2.5, 0, 1) for tag_id in (1, 2)]
            assert [(row.comment_count, row.shuffle, to_microseconds(row.created_at)) for row in rows] == [
                (4, 7, _MOMENT)
            ] * 2
            db.execute(sa.update(Idea).values(net=8, comment_count=5, is_public=True))
            assert list(tags.strayed(db, [1])) == []
            db.execute(sa.update(Idea).values(net=-3, comment_count=4, is_public=False))
            config = schema._config()
            config.attributes["connection"] = db
            command.downgrade(config, "0014")
            assert db.execute(sa.text("SELECT * FROM idea_tags ORDER BY tag_id")).all() == [(1, 1), (1, 2)]
            db.execute(sa.update(Idea).values(net=1))  # nothing follows any more
            db.execute(sa.update(Idea).values(net=-3))
    database.close()
