"""Migrations of filled databases: what was there before is there afterwards, with what is new filled in."""

from typing import Any

import sqlalchemy as sa
from alembic import command

from forum import schema
from forum.db import Database
from forum.models import Case, Decision, User

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


def test_old_decisions_get_their_authors_and_their_cases(database_url: str) -> None:
    database = Database(database_url)
    with database.transaction() as db:  # back to an empty database
        if db.dialect.name == "postgresql":
            db.execute(sa.text("DROP SCHEMA public CASCADE"))
            db.execute(sa.text("CREATE SCHEMA public"))
    if database.is_sqlite:
        database.close()
        assert database.path is not None
        database.path.unlink()
        database = Database(database_url)
    with database.transaction() as db:
        config = schema._config()
        config.attributes["connection"] = db
        command.upgrade(config, "0002")
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
