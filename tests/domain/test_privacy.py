"""Privacy: the file with everything, and what is left of a person after they have gone."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import codes, ideas, mails, people, privacy, profiles, sessions, users, votes
from forum.domain.account_mails import Sender
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound, ProofNeeded
from forum.domain.people import Person
from forum.domain.users import UserFields
from forum.models import Base, Comment, Community, Draft, Follow, Mail, Notification, User, UserChange, Vote
from tests.making import Make

SENDER = Sender("A Forum", "https://forum.example")
# Columns that lead to a person but hold nothing of theirs beyond what other parts of the file say.
ELSEWHERE = {
    "mail_codes.user_id": "gone after ten minutes",
    "communities.proposed_by_id": "public on the page of the community",
    "cases.author_id": "the decisions about one's posts are there",
    "cases.claimed_by_id": "for a quarter of an hour",
    "waves.author_id": "the decisions about one's posts are there",
    "waves.flood_by_id": "the decisions about one's posts are there",
    "user_changes.by_id": "said in the file of the person it was about",
}


def visitor(db: Connection, person: Person) -> sessions.Visitor:
    found = sessions.find(db, sessions.start(db, person))
    assert found is not None
    return found


def comment(db: Connection, idea_id: int, author: Person, body: str) -> int:
    values = {"path": "000001", "body": body, "body_html": body, "created_at": now()}
    return insert(db, Comment, idea_id=idea_id, author_id=author.id, **values)


def furnish(db: Connection, make: Make, person: Person) -> tuple[int, int]:
    """Something of everything for one person: (their idea, somebody else's idea they voted on)."""
    own, other = make.idea(author=person, title="My own idea", body="My words."), make.idea(title="Another idea")
    votes.cast(db, person, other, -1)
    comment(db, other, person, "My remark.")
    make.member(ideas.get(db, None, other).community_id, person)
    db.execute(
        sa.update(Community).values(member_count=1).where(Community.id == ideas.get(db, None, other).community_id)
    )
    db.execute(sa.insert(Follow), {"user_id": person.id, "kind": "idea", "object_id": other, "created_at": now()})
    insert(db, Draft, user_id=person.id, kind="idea", fields={"title": "Half an idea"}, updated_at=now())
    insert(db, Notification, user_id=person.id, event="e", kind="k", title="News", url="/", created_at=now())
    mails.write(db, event="m", recipient=person.email or "", subject="Hello", text="Words", user_id=person.id)
    return own, other


def test_the_file_holds_everything_of_one_person_and_nothing_of_others(db: Connection, make: Make) -> None:
    person = make.user(name="Ada “the first” Ö")
    other = make.user()
    furnish(db, make, person)
    furnish_other = make.idea(author=other, title="Not mine", body="Not my words.")
    comment(db, furnish_other, other, "Not my remark.")
    token = sessions.start(db, person, device="Firefox on Linux")
    whole = b"".join(privacy.export(db, person, "https://forum.example"))
    data = json.loads(whole)
    assert data["account"][0]["email"] == person.email
    assert data["ideas"][0]["body"] == "My words."
    assert data["ideas"][0]["url"].startswith("https://forum.example/ideas/")
    assert data["comments"][0]["body"] == "My remark."
    assert [(vote["title"], vote["value"]) for vote in data["votes"]] == [("Another idea", -1)]
    assert data["drafts"][0]["fields"] == {"title": "Half an idea"}
    assert {len(data[part]) for part in ("follows", "communities", "notifications", "mails", "sessions")} == {1}
    for foreign in ("Not mine", "Not my", other.email or "?", token, "password_hash", "token_hash"):
        assert foreign not in whole.decode()


def test_every_table_that_knows_a_person_is_in_the_file() -> None:
    read = {
        column.table.name + "." + column.name
        for statement in privacy._SECTIONS.values()
        for column in _columns_compared_with_me(statement)
    }
    known = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.target_fullname == "users.id" for key in column.foreign_keys)
    }
    assert known - read == set(ELSEWHERE), "say in privacy.py or in ELSEWHERE what happens with these columns"


def _columns_compared_with_me(statement: object) -> set[sa.Column[object]]:
    found = set()
    for element in sa.sql.visitors.iterate(statement):  # type: ignore[arg-type]
        right = element.right if isinstance(element, sa.BinaryExpression) else None
        if isinstance(right, sa.BindParameter) and right.key == "me":
            found.add(element.left)
    return found


def test_a_deleted_account_leaves_what_is_public_and_no_person(db: Connection, make: Make) -> None:
    person = make.user(name="Ada Lovelace", bio="About me", password_hash="h", unread_count=1)
    own, other = furnish(db, make, person)
    before = ideas.get(db, None, other)
    code = codes.issue(db, codes.SIGN_IN, person.email or "", user_id=person.id)
    own_session, elsewhere = visitor(db, person), sessions.start(db, person)
    privacy.delete_account(db, own_session, SENDER)
    left = db.execute(sa.select(*User.__table__.columns).where(User.id == person.id)).one()
    assert (left.name, left.email, left.password_hash, left.bio, left.status) == (
        "Former member",
        None,
        None,
        "",
        "deleted",
    )
    assert left.handle.startswith("former-member-")
    assert "ada" not in str(tuple(left)).lower()
    assert sessions.find(db, elsewhere) is None
    with pytest.raises(codes.Ended):
        codes.use(db, code)
    for table in (Draft, Follow, Notification):
        assert db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
    after = ideas.get(db, None, other)
    assert (after.up, after.down) == (before.up, before.down) == (0, 1)
    assert db.execute(sa.select(sa.func.count()).select_from(Vote).where(Vote.idea_id == other)).scalar_one() == 1
    assert after.community.member_count == 0
    kept = ideas.get(db, None, own)
    assert (kept.author_name, kept.body) == ("Former member", "My words.")
    assert db.execute(sa.select(Mail.subject)).scalars().all() == ["Your account is deleted"]
    with pytest.raises(NotFound):
        profiles.get(db, person.handle)
    assert db.execute(sa.select(UserChange.kind)).scalars().all() == ["deleted"]


def test_deleting_needs_a_fresh_proof(db: Connection, make: Make) -> None:
    own = visitor(db, make.user())
    with time_machine.travel(now() + timedelta(minutes=16), tick=False), pytest.raises(ProofNeeded):
        privacy.delete_account(db, own, SENDER)


def test_the_address_is_free_again_after_deletion(db: Connection, make: Make) -> None:
    person = make.user()
    privacy.delete_account(db, visitor(db, person), SENDER)
    assert make.user(email=person.email).id != person.id


def test_the_only_administrator_stays(db: Connection, make: Make) -> None:
    only = make.user(role="administrator")
    own = visitor(db, only)
    with pytest.raises(Conflict, match="only administrator"):
        privacy.delete_account(db, own, SENDER)
    with pytest.raises(Conflict, match="only administrator"):
        users.change(db, own, SENDER, only.id, UserFields(role="citizen"))
    make.user(role="administrator")
    privacy.delete_account(db, own, SENDER)


def test_an_administrator_gives_a_role_and_marks_an_employee(db: Connection, make: Make) -> None:
    admin, person = make.user(role="administrator"), make.user()
    token = sessions.start(db, person)
    fields = UserFields(role="policy", is_employee=True, agency_name=" Budget  Office ", job_title="Analyst")
    assert users.change(db, visitor(db, admin), SENDER, person.id, fields)
    now_is = people.load(db, person.id)
    assert (now_is.role, now_is.is_employee, now_is.agency_name) == ("policy", True, "Budget Office")
    assert sessions.find(db, token) is None
    changes = users.changes(db, admin, person.id)
    assert [(change.kind, change.before, change.after) for change in changes] == [
        ("employee", "", "Budget Office, Analyst"),
        ("role", "citizen", "policy"),
    ]
    assert {change.by_handle for change in changes} == {admin.handle}
    assert db.execute(sa.select(Mail.recipient)).scalars().all() == [person.email]
    assert not users.change(db, visitor(db, admin), SENDER, person.id, fields)
    assert users.change(db, visitor(db, admin), SENDER, person.id, UserFields(role="policy", agency_name="Kept out"))
    assert people.load(db, person.id).agency_name == ""


@pytest.mark.parametrize("role", ["citizen", "moderator", "policy"])
def test_only_administrators_see_and_change_users(db: Connection, make: Make, role: str) -> None:
    person, other = make.user(role=role), make.user()
    own = visitor(db, person)
    with pytest.raises(Forbidden):
        users.change(db, own, SENDER, person.id, UserFields(role="administrator"))
    with pytest.raises(Forbidden):
        users.find(db, person)
    with pytest.raises(Forbidden):
        users.get(db, person, other.id)
    with pytest.raises(Forbidden):
        users.changes(db, person, other.id)


def test_changing_a_user_needs_a_fresh_proof_and_somebody_real(db: Connection, make: Make) -> None:
    admin, imported = make.user(role="administrator"), make.user(status="imported", email=None)
    own = visitor(db, admin)
    with pytest.raises(Invalid, match="earlier site"):
        users.change(db, own, SENDER, imported.id, UserFields(role="moderator"))
    assert users.change(db, own, SENDER, imported.id, UserFields(role="citizen", is_employee=True))
    with pytest.raises(NotFound):
        users.change(db, own, SENDER, 10**9, UserFields(role="citizen"))
    with time_machine.travel(now() + timedelta(minutes=16), tick=False), pytest.raises(ProofNeeded):
        users.change(db, own, SENDER, imported.id, UserFields(role="citizen"))


def test_users_are_found_by_parts_of_name_handle_and_address(db: Connection, make: Make) -> None:
    admin = make.user(role="administrator", name="Root", handle="root")
    ada = make.user(name="Ada Lovelace", handle="ada-lovelace", email="countess@example.org")
    zoya = make.user(name="Zoë_100%", handle="zoe-100", is_employee=True)
    gone = make.user(status="deleted", name="Gone")

    def found(query: str = "", kind: str = "") -> list[int]:
        return [row.id for row in users.find(db, admin, query=query, kind=kind).rows]

    assert found("lovelace") == [ada.id]
    assert found("LOVE") == [ada.id]
    assert found("Countess@") == [ada.id]
    assert found("zoe") == [zoya.id]
    assert found("100%") == [zoya.id]
    assert found("_1") == [zoya.id]
    assert found("%") == [zoya.id]
    assert found("nobody at all") == []
    assert found(kind="staff") == [admin.id]
    assert found(kind="employee") == [zoya.id]
    assert gone.id not in found()
    with pytest.raises(Invalid):
        found(kind="kings")


def test_users_are_paged_by_key(db: Connection, make: Make) -> None:
    admin = make.user(role="administrator")
    made = [admin.id, *(make.user().id for _ in range(users.PAGE + 5))]
    first = users.find(db, admin)
    second = users.find(db, admin, after=first.next_after)
    assert [row.id for row in (*first.rows, *second.rows)] == sorted(made, reverse=True)
    assert second.next_after is None
