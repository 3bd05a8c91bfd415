"""Dispositions: saved all or none, covered, published, and told once to each author and supporter."""

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import follows, moderation, remarking, remarks, votes
from forum.domain.actions import DecisionFields
from forum.domain.directives import matrices, publishing, stages, texts, views
from forum.domain.directives.matrices import Entry
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.people import Person
from forum.models import Mail, Notification, RecommendationAgreement
from tests import directing
from tests.making import Make, Site


@pytest.fixture
def writer(make: Make) -> Person:
    return make.user(role="policy", name="Wren Writer")


def put(
    db: Connection, user: Person, directive_id: int, idea_id: int, outcome: str, reason: str, version: int = 0
) -> None:
    saved = matrices.save(db, user, directive_id, {idea_id: Entry(outcome, reason, version)})
    assert saved.errors == {}


def test_rows_are_saved_all_or_none_with_what_is_wrong(db: Connection, make: Make, writer: Person) -> None:
    first, second, third = make.idea(), make.idea(), make.idea()
    directive, _, _ = directing.draft(db, writer, ideas=(first,))
    typed = {
        first: Entry("accepted", "We do it.", 0),
        second: Entry("", "A reason alone.", 0),
        third: Entry("perhaps", "", 0),
        999_999: Entry("declined", "No.", 0),
    }
    saved = matrices.save(db, writer, directive.id, typed)
    assert saved.count == 0
    assert set(saved.errors) == {second, third, 999_999}
    assert matrices.versions(db, directive.id, typed) == {}
    right = {first: typed[first], second: Entry("deferred", "", 0), third: Entry("", "", 0)}
    assert matrices.save(db, writer, directive.id, right) == matrices.Saved(2, {})
    assert matrices.save(db, writer, directive.id, right).count == 0  # nothing changed


def test_two_who_fill_in_the_same_row_lose_neither_answer(db: Connection, make: Make, writer: Person) -> None:
    idea_id, other = make.idea(), make.user(role="policy", name="Otto Other")
    directive, _, _ = directing.draft(db, writer)
    put(db, other, directive.id, idea_id, "declined", "The law forbids it.")
    saved = matrices.save(db, writer, directive.id, {idea_id: Entry("accepted", "We do it.", 0)})
    assert "Otto Other changed this meanwhile to “Declined”: The law forbids it." in saved.errors[idea_id]
    version = matrices.versions(db, directive.id, [idea_id])[idea_id]
    put(db, writer, directive.id, idea_id, "accepted", "We do it.", version)


def test_coverage_says_what_is_open(db: Connection, make: Make, writer: Person) -> None:
    cited, answered, bare, uncited = (make.idea() for _ in range(4))
    directive, _, _ = directing.draft(db, writer, ideas=(cited, answered))
    put(db, writer, directive.id, answered, "accepted", "We do it.")
    put(db, writer, directive.id, bare, "declined", "")
    put(db, writer, directive.id, uncited, "deferred", "Next year.")
    rows = matrices.rows(db, writer, directive, texts.now_written(db, directive.id))
    found = matrices.coverage(rows)
    assert (found.ideas, found.cited, found.cited_nowhere, found.cited_without) == (4, 2, 2, 1)
    assert (found.with_outcome, found.without_reason, found.published) == (3, 1, 0)
    assert [row.idea_id for row in rows if row.is_in("open")] == [cited, bare]
    assert {row.idea_id: row.labels[0][1] for row in rows if row.labels} == {cited: "1.1", answered: "1.1"}
    assert matrices.rows(db, None, directive, texts.now_written(db, directive.id)) == []


def test_who_is_not_of_the_policy_team_writes_none(db: Connection, make: Make, writer: Person) -> None:
    idea_id = make.idea()
    hidden, _, _ = directing.draft(db, writer)
    public, _, _ = directing.public(db, writer)
    citizen = make.user()
    with pytest.raises(NotFound):
        matrices.save(db, citizen, hidden.id, {idea_id: Entry("accepted", "Yes.", 0)})
    with pytest.raises(Forbidden):
        matrices.save(db, citizen, public.id, {idea_id: Entry("accepted", "Yes.", 0)})
    with pytest.raises(Forbidden):
        publishing.publish_now(db, citizen, public.id, moment=now())


def test_a_draft_publishes_nothing(db: Connection, make: Make, writer: Person) -> None:
    idea_id = make.idea()
    directive, _, _ = directing.draft(db, writer)
    put(db, writer, directive.id, idea_id, "accepted", "We do it.")
    with pytest.raises(Conflict, match="can't read this directive yet"):
        publishing.publish_now(db, writer, directive.id, moment=now())
    assert matrices.become_of(db, [idea_id]) == []


def test_each_person_is_told_once_for_all_their_ideas(site: Site) -> None:
    def prepare(make: Make) -> tuple[Person, Person, list[int], int, dict[str, Person]]:
        writer = make.user(role="policy")
        people = {name: make.user(name=name) for name in ("author", "both", "one", "against", "follower", "else")}
        ideas = [make.idea(author=people["author"], title=f"Idea {n}") for n in range(3)]
        for name, number, value in (("both", 0, 1), ("both", 1, 1), ("one", 0, 1), ("against", 0, -1), ("else", 2, 1)):
            votes.cast(make.db, people[name], ideas[number], value)
        follows.follow(make.db, people["follower"], "idea", ideas[1])
        directive, _, _ = directing.public(make.db, writer, ideas=(ideas[0],))
        put(make.db, writer, directive.id, ideas[0], "accepted", "We do it in March.")
        put(make.db, writer, directive.id, ideas[1], "declined", "It costs too much.")
        put(make.db, writer, directive.id, ideas[2], "deferred", "")  # without a reason it waits
        return writer, people["author"], ideas, directive.id, people

    writer, author, ideas, directive_id, people = site.make(prepare)
    publish = lambda: site.write(lambda db: publishing.publish_now(db, writer, directive_id, moment=now()))  # noqa: E731
    assert publish() == 2
    site.work()
    assert told(site) == {
        author.id: ["What became of 2 ideas you support"],
        people["both"].id: ["What became of 2 ideas you support"],
        people["one"].id: ["Accepted: “Idea 0”"],
        people["follower"].id: ["Declined: “Idea 1”"],
    }
    with site.database.reading() as db:
        mails = {row.user_id: row.text for row in db.execute(sa.select(Mail.user_id, Mail.text))}
        assert [one.outcome for one in matrices.become_of(db, ideas)] == ["accepted", "declined"]
    assert set(mails) == set(told(site))
    assert "We do it in March." in mails[people["both"].id]
    assert "It costs too much." in mails[people["both"].id]
    assert "costs" not in mails[people["one"].id]
    with pytest.raises(Conflict, match="nothing new"):
        publish()
    # A worker that died after its work does it again, and nobody hears it twice.
    for _ in range(2):
        site.write(
            lambda db: publishing.outbox.add(db, "dispositions.published", directive_id=directive_id, publication=1)
        )
        site.work()
    assert sum(map(len, told(site).values())) == 4
    # What reads otherwise now is told again, to those whom it concerns.
    site.write(lambda db: put(db, writer, directive_id, ideas[1], "in-part", "A cheap part of it.", 1))
    assert publish() == 1
    site.work()
    assert told(site)[people["follower"].id] == ["Declined: “Idea 1”", "Accepted in part: “Idea 1”"]
    assert len(told(site)[people["one"].id]) == 1


def told(site: Site) -> dict[int, list[str]]:
    """Person → the titles of what they were told."""
    found: dict[int, list[str]] = {}
    with site.database.reading() as db:
        kind = Notification.kind == "dispositions.published"
        for row in db.execute(
            sa.select(Notification.user_id, Notification.title).where(kind).order_by(Notification.id)
        ):
            found.setdefault(row.user_id, []).append(row.title)
    return found


def test_many_supporters_are_told_some_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "BATCH", 3)

    def prepare(make: Make) -> tuple[Person, int]:
        writer, idea_id = make.user(role="policy"), make.idea(votes=10)
        directive, _, _ = directing.public(make.db, writer, ideas=(idea_id,))
        put(make.db, writer, directive.id, idea_id, "accepted", "We do it.")
        return writer, directive.id

    writer, directive_id = site.make(prepare)
    site.write(lambda db: publishing.publish_now(db, writer, directive_id, moment=now()))
    site.work()
    assert len(told(site)) == 11


def test_the_end_publishes_and_leaves_room_only_for_what_was_not_answered(
    db: Connection, make: Make, writer: Person
) -> None:
    answered, late = make.idea(), make.idea()
    directive, _, _ = directing.public(db, writer, ideas=(answered, late))
    put(db, writer, directive.id, answered, "accepted", "We do it.")
    done = directing.finish(db, writer, directive.id)
    assert [one.label for one in matrices.become_of(db, [answered, late])] == ["Accepted"]
    assert '"outcome":"accepted"' in views.newest(db, done).content
    saved = matrices.save(db, writer, directive.id, {answered: Entry("declined", "After all not.", 1)})
    assert "final" in saved.errors[answered]
    put(db, writer, directive.id, late, "deferred", "We look again in a year.")
    assert publishing.publish_now(db, writer, directive.id, moment=now()) == 1
    assert len(matrices.become_of(db, [answered, late])) == 2


def test_people_comment_and_agree_once_while_it_is_open(db: Connection, make: Make, writer: Person) -> None:
    directive, _, (first, *_) = directing.public(db, writer)
    ada, ben = make.user(name="Ada"), make.user()
    remark = remarking.say(db, ada, directive.id, first, "Add the courts.")
    assert remarking.say(db, ada, directive.id, first, "Add the courts.").id == remark.id
    for person, agrees in ((ada, True), (ada, True), (ben, True)):
        remarking.agree(db, person, directive.id, first, agrees)
    clause = views.newest(db, directive).text.clause(first)
    assert clause is not None
    assert remarks.agreements(db, ada, {clause.id: clause.version})[first] == remarks.Agreement(2, True)
    assert remarking.agree(db, ben, directive.id, first, False) == remarks.Agreement(1, False)
    for nobody in (None, make.user(email_confirmed_at=None), make.user(status="suspended")):
        with pytest.raises(Forbidden):
            remarking.say(db, nobody, directive.id, first, "Words.")
        with pytest.raises(Forbidden):
            remarking.agree(db, nobody, directive.id, first, True)
    for wrong in ("", "  ", "a" * 3001):
        with pytest.raises(Invalid):
            remarking.say(db, ada, directive.id, first, wrong)
    stages.end_comments(db, writer, directive.id, reason="Everything was said.")
    with pytest.raises(Forbidden, match="is over"):
        remarking.say(db, ada, directive.id, first, "Too late.")
    assert db.execute(sa.select(sa.func.count()).select_from(RecommendationAgreement)).scalar_one() == 1


def test_other_words_ask_for_agreement_anew(db: Connection, make: Make, writer: Person) -> None:
    directive, _, (first, second, _) = directing.public(db, writer)
    ada = make.user()
    for clause_id in (first, second):
        remarking.agree(db, ada, directive.id, clause_id, True)
    stages.take_back(db, writer, directive.id, reason="One is written anew.")
    fields = {**directing.CLAUSE, "what": "Other words."}
    from forum.domain.directives import writing

    writing.save(db, writer, directive.id, "recommendation", first, fields, based_on=1)
    again = directing.open_it(db, writer, directive.id)
    versions = {clause.id: clause.version for clause in views.newest(db, again).text.clauses()}
    found = remarks.agreements(db, ada, versions)
    assert (found[first].people, found[second].people) == (0, 1)


def test_a_comment_is_withdrawn_removed_or_answered(db: Connection, make: Make, writer: Person) -> None:
    directive, _, (first, *_) = directing.public(db, writer)
    ada, moderator = make.user(), make.user(role="moderator")
    mine, bad, asked = (remarking.say(db, ada, directive.id, first, text) for text in ("Mine.", "Bad words.", "Why?"))
    with pytest.raises(Forbidden):
        remarking.withdraw(db, moderator, mine.id)
    remarking.withdraw(db, ada, mine.id)
    with pytest.raises(Forbidden):
        moderation.act(db, writer, "remark", bad.id, DecisionFields(action="remove", reason="spam"))
    with pytest.raises(Invalid, match="not for a comment"):
        moderation.act(db, moderator, "remark", bad.id, DecisionFields(action="off-topic", reason="off-topic"))
    moderation.act(db, moderator, "remark", bad.id, DecisionFields(action="remove", reason="personal-attack"))
    with pytest.raises(Forbidden):
        remarking.answer(db, ada, asked.id, "Because.")
    remarking.answer(db, writer, asked.id, "Because people asked for it.")
    found = remarks.of(db, None, directive.id)[first]
    assert [(one.state, one.body, one.reason_label, one.answer) for one in found] == [
        ("withdrawn", "", "", ""),
        ("removed", "", "Personal attack", ""),
        ("published", "Why?", "", "Because people asked for it."),
    ]
