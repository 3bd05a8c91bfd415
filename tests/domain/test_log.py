"""The public log: everything decided, nothing private; filtered, paged by key, and closed where a community is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import actions, log, moderation, reports
from forum.domain.errors import Invalid, NotFound
from forum.domain.log import Entry, Filters
from forum.domain.moderation import DecisionFields
from forum.domain.people import Person
from forum.domain.reports import ReportFields
from forum.models import Appeal, Case, Decision, Idea
from tests.making import Make

ALL = Filters()


def decided(make: Make, action: str = "remove", reason: str = "spam", **values: Any) -> tuple[int, int]:
    """An idea that somebody reported and a moderator decided on: (idea, decision)."""
    idea_id = make.idea(**values)
    case_id = reports.file(make.db, make.user(role="moderator"), "idea", idea_id, ReportFields(reason="spam"))
    fields = DecisionFields(action=action, reason=reason, note="A secret message.")  # type: ignore[arg-type]
    moderation.decide(make.db, make.user(role="moderator"), case_id, fields)
    decision_id = make.db.execute(sa.select(sa.func.max(Decision.id))).scalar_one()
    return idea_id, decision_id


def row(make: Make, **values: Any) -> int:
    """A decision row as any helper may write it; returns its id."""
    author, idea_id = make.user(), values.pop("idea_id", 0)
    given = {
        "subject_kind": "idea",
        "subject_id": idea_id or make.idea(author=author),
        "community_id": values.pop("community_id", None),
        "author_id": author.id,
        "action": "keep",
        "state_before": "published",
        "state_after": "published",
        "created_at": now(),
    }
    return insert(make.db, Decision, **{**given, **values})


def entries(db: Connection, user: Person | None = None, filters: Filters = ALL) -> list[Entry]:
    """The newest page of the log."""
    return log.find(db, user, filters).entries


def test_an_entry_says_what_why_when_where_and_by_which_office(db: Connection, make: Make) -> None:
    place = make.community(name="Budget")
    idea_id, decision_id = decided(make, community=place, title="A title with a private name in it")
    (entry,) = entries(db)
    assert (entry.id, entry.action_label, entry.reason_label) == (decision_id, "Removed", "Spam")
    assert entry.reason_text.startswith("It advertises")
    assert (entry.what, entry.path) == (f"Idea {idea_id}", f"/ideas/{idea_id}")
    assert (entry.community, entry.community_slug) == ("Budget", place.slug)
    assert entry.office
    assert entry.machine_label == "A person found and decided it"
    assert now() - entry.at < timedelta(minutes=1)
    assert log.get(db, None, decision_id) == entry


def test_no_title_text_note_or_name_is_in_an_entry(db: Connection, make: Make) -> None:
    author = make.user(name="Wilhelmina Author", handle="wilhelmina")
    decided(make, title="A telling title", body="The removed words.", author=author)
    words = repr(entries(db))
    for private in ("telling", "removed words", "Wilhelmina", "wilhelmina", "secret message", "Person "):
        assert private not in words


def test_an_account_is_never_named(db: Connection, make: Make) -> None:
    person = make.user(handle="loud-one")
    row(make, subject_kind="user", subject_id=person.id, action="suspend", reason="hate", ends_at=now())
    (entry,) = entries(db)
    assert (entry.what, entry.path, entry.community) == ("An account", "", "")
    assert str(person.id) not in entry.what
    assert entry.action_label == "Suspended"
    assert entry.ends_at


def test_what_is_held_has_no_address_that_leads_nowhere(db: Connection, make: Make) -> None:
    idea_id, _ = decided(make, "hold", "off-topic")
    comment_id = make.comment(idea_id)
    row(make, subject_kind="comment", subject_id=comment_id)
    assert [(entry.kind, entry.path) for entry in entries(db)] == [("comment", ""), ("idea", "")]


def test_closed_communities_show_to_those_who_may_see_them_alone(db: Connection, make: Make) -> None:
    hidden, staff = make.community(visibility="members"), make.community(visibility="employees")
    member = make.member(hidden.id, make.user())
    first, second = (decided(make, community=place)[1] for place in (hidden, staff))
    third = decided(make)[1]

    def seen(user: Person | None) -> list[int]:
        return [entry.id for entry in entries(db, user)]

    assert seen(None) == seen(make.user()) == [third]
    assert seen(member) == [third, first]
    assert seen(make.user(is_employee=True)) == [third, second]
    assert seen(make.user(role="moderator")) == [third, second, first]
    assert log.get(db, member, first).id == first
    for user, decision_id in ((None, first), (member, second), (None, 987_654)):
        with pytest.raises(NotFound):
            log.get(db, user, decision_id)
    assert [entry.id for entry in log.walk(db, log.hidden(db, None), ALL)] == [third]


def test_a_thing_that_moved_into_a_closed_community_loses_its_address(db: Connection, make: Make) -> None:
    idea_id, _ = decided(make, "keep", "")
    hidden = make.community(visibility="members")
    db.execute(sa.update(Idea).where(Idea.id == idea_id).values(community_id=hidden.id))
    assert entries(db)[0].path == ""
    assert entries(db, make.user(role="moderator"))[0].path == f"/ideas/{idea_id}"


def test_undone_decisions_are_marked_and_lead_to_what_undid_them(db: Connection, make: Make) -> None:
    first = row(make, action="remove", reason="spam", undone_at=now())
    second = row(make, action="undo", undoes_id=first)
    newest, oldest = entries(db)
    assert (newest.id, newest.undoes_id, newest.action_label) == (second, first, "Undone")
    assert oldest.undone_at
    assert log.undone_by(db, first) == second
    assert log.undone_by(db, second) is None


@pytest.mark.parametrize("outcome, shown", [(None, ""), ("", "waits"), ("upheld", "upheld"), ("denied", "denied")])
def test_an_appeal_shows_with_its_outcome(db: Connection, make: Make, outcome: str | None, shown: str) -> None:
    _, decision_id = decided(make)
    if outcome is not None:
        case_id, author_id = db.execute(sa.select(Case.id, Case.author_id)).one()
        given = {"decision_id": decision_id, "case_id": case_id, "author_id": author_id, "outcome": outcome}
        insert(db, Appeal, text="Please look again.", created_at=now(), due_at=now(), **given)
    (entry,) = entries(db)
    assert entry.appeal == shown


def test_each_filter_finds_its_own(db: Connection, make: Make) -> None:
    place, other = make.community(), make.community()
    day = datetime(2026, 5, 10, 12, tzinfo=UTC)
    found = row(make, community_id=place.id, action="remove", reason="hate", machine="found", created_at=day)
    row(make, community_id=other.id, action="keep", machine="decided", created_at=day - timedelta(days=2))
    plain = row(make, community_id=other.id, action="hold", reason="spam", created_at=day + timedelta(days=2))
    for filters in (
        Filters(action="remove"),
        Filters(reason="hate"),
        Filters(machine="found"),
        Filters(community_id=place.id),
        Filters(since=day, until=day + timedelta(days=1)),
        Filters(action="remove", reason="hate", community_id=place.id, machine="found", since=day),
    ):
        assert [entry.id for entry in entries(db, None, filters)] == [found], filters
    assert [entry.id for entry in entries(db, None, Filters(machine="none"))] == [plain]
    assert entries(db, None, Filters(action="remove", reason="spam")) == []


@pytest.mark.parametrize(
    "filters, field",
    [
        (Filters(action="shout"), "action"),
        (Filters(reason="opinion"), "reason"),
        (Filters(machine="robot"), "machine"),
        (Filters(since=datetime(2026, 2, 1, tzinfo=UTC), until=datetime(2026, 1, 1, tzinfo=UTC)), "until"),
    ],
)
def test_a_filter_that_there_is_not_is_refused(filters: Filters, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        log.check(filters)
    assert list(caught.value.errors) == [field]


def test_pages_by_key_have_every_entry_once_also_at_one_moment(db: Connection, make: Make) -> None:
    idea_id, moment = make.idea(), now()
    ids = [row(make, idea_id=idea_id, created_at=moment - timedelta(seconds=number // 3)) for number in range(20)]
    seen: list[Entry] = []
    after: str | None = None
    while True:
        page = log.find(db, None, ALL, after=after, limit=3)
        seen += page.entries
        after = page.next_after
        if after is None:
            break
    assert sorted(entry.id for entry in seen) == sorted(ids)
    assert [(entry.at, entry.id) for entry in seen] == sorted(((e.at, e.id) for e in seen), reverse=True)
    assert [entry.id for entry in log.walk(db, frozenset(), ALL)] == [entry.id for entry in seen]
    assert len(list(log.walk(db, frozenset(), ALL, most=7))) == 7


@pytest.mark.parametrize("after", ["x", "1", "_1", "1_", "1_x", "-1_2", "١_١", "9" * 30 + "_1", f"1_{2**63}", "1" * 60])
def test_a_key_that_is_not_ours_leads_nowhere(db: Connection, after: str) -> None:
    with pytest.raises(NotFound):
        log.find(db, None, ALL, after=after)


def test_every_action_and_reason_that_is_decided_has_words(db: Connection, make: Make) -> None:
    for action in (*actions.ACTIONS, "something-new"):
        row(make, action=action)
    assert all(entry.action_label for entry in entries(db))
    assert list(log.ACTIONS) == list(actions.ACTIONS)
