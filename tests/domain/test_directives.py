"""Directives: written by several at once without loss, arranged, cited, put before the public, taken back, final."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database, is_sqlite
from forum.domain.directives import arranging, citing, stages, texts, views, writing
from forum.domain.directives.writing import Collision
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.people import Person
from forum.models import DirectiveEdition, Idea
from tests import directing
from tests.directing import CLAUSE, clause
from tests.making import Make


@pytest.fixture
def writer(make: Make) -> Person:
    return make.user(role="policy", name="Wren Writer")


@pytest.fixture
def other(make: Make) -> Person:
    return make.user(role="policy", name="Otto Other")


def save(db: Connection, user: Person, directive_id: int, clause_id: int, based_on: int, **values: str) -> int:
    fields = {**CLAUSE, **values}
    return writing.save(db, user, directive_id, "recommendation", clause_id, fields, based_on=based_on).version


def test_a_directive_is_written_in_parts_and_recommendations(db: Connection, writer: Person) -> None:
    directive, _, _ = directing.draft(db, writer)
    text = texts.now_written(db, directive.id)
    assert [(part.label, part.title) for part in text.parts] == [("1", "Open records"), ("2", "Open meetings")]
    assert [(one.label, one.title) for one in text.clauses()] == [
        ("1.1", "Post every record"),
        ("1.2", "Say who decides"),
        ("2.1", "Film meetings"),
    ]
    assert directive.stage == "drafting"
    assert not directive.is_published


def test_only_the_policy_team_knows_of_a_draft(db: Connection, make: Make, writer: Person) -> None:
    directive, _, clauses = directing.draft(db, writer)
    suspended = make.user(role="policy", status="suspended")
    for person in (None, make.user(), make.user(is_employee=True), make.user(role="moderator"), suspended):
        assert views.every(db, person) == []
        with pytest.raises(NotFound):
            views.get(db, person, directive.id)
        with pytest.raises(NotFound):
            writing.save(db, person, directive.id, "recommendation", clauses[0], CLAUSE, based_on=1)
        with pytest.raises(Forbidden):
            writing.create(db, person, directing.HEAD)
    assert [one.id for one in views.every(db, make.user(role="administrator"))] == [directive.id]


def test_what_is_wrong_with_a_text_is_said_by_field(db: Connection, writer: Person) -> None:
    directive, _, clauses = directing.draft(db, writer)
    with pytest.raises(Invalid) as found:
        save(db, writer, directive.id, clauses[0], 1, title=" ", who="a" * 601, what="b" * 600)
    assert set(found.value.errors) == {"title", "who"}
    assert "600" in found.value.errors["who"]


def test_every_save_is_a_version_and_an_old_one_comes_back(db: Connection, writer: Person, other: Person) -> None:
    directive, _, clauses = directing.draft(db, writer)
    assert save(db, writer, directive.id, clauses[0], 1, what="Posts each record.") == 2
    assert save(db, writer, directive.id, clauses[0], 2, what="Posts each record.") == 2  # nothing changed
    assert save(db, other, directive.id, clauses[0], 2, what="Posts most records.") == 3
    history = writing.history(db, writer, directive.id, "recommendation", clauses[0])
    assert [(one.version.number, one.version.by_name) for one in history] == [
        (3, "Otto Other"),
        (2, "Wren Writer"),
        (1, "Wren Writer"),
    ]
    assert history[0].changes == {
        "what": [("same", "Posts "), ("del", "each record"), ("add", "most records"), ("same", ".")]
    }
    restored = writing.restore(db, writer, directive.id, history[2].version.id, based_on=3)
    assert (restored.version, restored.fields["what"]) == (4, CLAUSE["what"])
    assert writing.history(db, writer, directive.id, "recommendation", clauses[0])[0].version.note == "As in version 1"


def test_two_saves_at_once_lose_neither_text(db: Connection, writer: Person, other: Person) -> None:
    directive, _, clauses = directing.draft(db, writer)
    save(db, other, directive.id, clauses[0], 1, what="Otto's words.", who="Otto's office.")
    with pytest.raises(Collision) as found:
        save(db, writer, directive.id, clauses[0], 1, what="Wren's words.", how="Wren's way.")
    clash = found.value
    assert "Otto Other saved this text" in str(clash)
    assert {side.name: (side.theirs, side.mine) for side in clash.sides} == {
        "who": ("Otto's office.", CLAUSE["who"]),
        "what": ("Otto's words.", "Wren's words."),
        "how": (CLAUSE["how"], "Wren's way."),
    }
    assert clash.sides[1].changes == [("del", "Otto"), ("add", "Wren"), ("same", "'s words.")]
    # Whoever changed a field is proposed; where both did, mine is, and theirs stands beside it.
    assert (clash.proposed["who"], clash.proposed["what"], clash.proposed["how"]) == (
        "Otto's office.",
        "Wren's words.",
        "Wren's way.",
    )
    assert texts.now_written(db, directive.id).parts[0].clauses[0].what == "Otto's words."
    for _ in range(2):
        writing.keep_aside(db, writer, directive.id, clash)
    history = writing.history(db, writer, directive.id, "recommendation", clauses[0])
    assert [one.version.number for one in history] == [None, 2, 1]
    assert history[0].version.fields["what"] == "Wren's words."
    assert writing.restore(db, writer, directive.id, history[0].version.id, based_on=2).version == 3


def test_the_same_words_from_two_are_no_collision(db: Connection, writer: Person, other: Person) -> None:
    directive, _, clauses = directing.draft(db, writer)
    save(db, other, directive.id, clauses[0], 1, what="The same.")
    assert save(db, writer, directive.id, clauses[0], 1, what="The same.") == 2


def test_things_move_up_and_down_and_into_the_next_part(db: Connection, writer: Person) -> None:
    directive, parts, (first, second, third) = directing.draft(db, writer)

    def order() -> list[tuple[str, int]]:
        return [(one.label, one.id) for one in texts.now_written(db, directive.id).clauses()]

    arranging.move(db, writer, directive.id, "recommendation", second, "up")
    assert order() == [("1.1", second), ("1.2", first), ("2.1", third)]
    arranging.move(db, writer, directive.id, "recommendation", first, "down")
    assert order() == [("1.1", second), ("2.1", first), ("2.2", third)]
    arranging.move(db, writer, directive.id, "recommendation", first, "up")
    arranging.move(db, writer, directive.id, "recommendation", second, "up")  # it is the first already
    arranging.move(db, writer, directive.id, "recommendation", third, "down")  # and this one the last
    assert order() == [("1.1", second), ("1.2", first), ("2.1", third)]
    arranging.move(db, writer, directive.id, "part", parts[1], "up")
    assert order() == [("1.1", third), ("2.1", second), ("2.2", first)]
    arranging.place(db, writer, directive.id, third, parts[0], second)
    assert order() == [("2.1", third), ("2.2", second), ("2.3", first)]
    arranging.place(db, writer, directive.id, third, parts[0], None)
    assert [key for _, key in order()] == [second, first, third]


def test_what_was_deleted_comes_back_where_it_was(db: Connection, writer: Person) -> None:
    directive, parts, (first, second, third) = directing.draft(db, writer)
    arranging.delete(db, writer, directive.id, "recommendation", first)
    assert [one.id for one in texts.now_written(db, directive.id).clauses()] == [second, third]
    with pytest.raises(NotFound):
        save(db, writer, directive.id, first, 1, what="Too late.")
    with pytest.raises(Conflict, match="still has recommendations"):
        arranging.delete(db, writer, directive.id, "part", parts[1])
    arranging.bring_back(db, writer, directive.id, "recommendation", first)
    assert [one.id for one in texts.now_written(db, directive.id).clauses()] == [first, second, third]
    arranging.delete(db, writer, directive.id, "recommendation", third)
    arranging.delete(db, writer, directive.id, "part", parts[1])
    arranging.bring_back(db, writer, directive.id, "recommendation", third)
    assert [part.id for part in texts.now_written(db, directive.id).parts] == parts


def test_ideas_and_comments_are_found_and_cited_once(db: Connection, make: Make, writer: Person) -> None:
    idea_id = make.idea(title="Put dockets online", body="All dockets.")
    comment_id = make.comment(idea_id, body="Dockets of courts too.")
    hidden = make.idea(title="Secret dockets", community=make.community(visibility="members"))
    held = make.idea(title="Held dockets", state="held", is_listed=False)
    from forum.domain import search

    search.rebuild(db)
    directive, _, clauses = directing.draft(db, writer)
    found = citing.find(db, writer, clauses[0], "dockets")
    assert {one.key for one in found} == {f"idea:{idea_id}", f"comment:{comment_id}"}
    assert citing.find(db, writer, clauses[0], f"I-{idea_id}")[0].key == f"idea:{idea_id}"
    assert citing.cite(db, writer, directive.id, clauses[0], f"idea:{idea_id}", "The second point.")
    assert not citing.cite(db, writer, directive.id, clauses[0], f"idea:{idea_id}")
    assert citing.cite(db, writer, directive.id, clauses[0], f"comment:{comment_id}")
    for key in (f"idea:{hidden}", f"idea:{held}", "idea:999999", "comment:999999", "idea:x", ""):
        with pytest.raises(Invalid):
            citing.cite(db, writer, directive.id, clauses[0], key)
    cited = citing.of(db, clauses[0])
    assert [(one.key, one.note) for one in cited] == [
        (f"idea:{idea_id}", "The second point."),
        (f"comment:{comment_id}", ""),
    ]
    assert citing.find(db, writer, clauses[0], f"I-{idea_id}")[0].is_cited
    citing.drop(db, writer, directive.id, clauses[0], f"idea:{idea_id}")
    assert [one.key for one in citing.of(db, clauses[0])] == [f"comment:{comment_id}"]


def test_everybody_reads_it_from_the_day_it_is_open_for_comment(db: Connection, make: Make, writer: Person) -> None:
    idea_id = make.idea()
    directive, _, clauses = directing.draft(db, writer, ideas=(idea_id,))
    assert views.cited_by(db, [idea_id]) == []
    directing.open_it(db, writer, directive.id)
    seen = views.get(db, None, directive.id)
    assert (seen.label, seen.takes_comments) == ("Public comment", True)
    edition = views.newest(db, seen)
    assert edition.is_sound
    assert edition.text == texts.now_written(db, directive.id)
    cited = views.cited_by(db, [idea_id])
    assert [one.title for one in cited] == ["Records online: 1.1 Post every record"]
    with pytest.raises(Conflict, match="stand fast"):
        save(db, writer, directive.id, clauses[0], 1, what="Other words.")
    with time_machine.travel(now() + timedelta(days=32), tick=False):
        assert not views.get(db, None, directive.id).takes_comments


def test_nothing_that_is_missing_goes_before_the_public(db: Connection, writer: Person) -> None:
    directive, _, clauses = directing.draft(db, writer)
    save(db, writer, directive.id, clauses[1], 1, title="Say who decides", why="")
    with pytest.raises(Conflict, match=r"Recommendation 1\.2 does not say why"):
        directing.open_it(db, writer, directive.id)
    empty = writing.create(db, writer, {"title": "Empty"})
    with pytest.raises(Conflict, match="no recommendation"):
        directing.open_it(db, writer, empty.id)
    for day in ("", "soon", now().date().isoformat(), "2099-01-01"):
        with pytest.raises(Invalid):
            stages.open_for_comment(db, writer, directive.id, closes_on=day)


def test_taken_back_the_old_words_stay_public_and_the_new_ones_do_not_show(db: Connection, writer: Person) -> None:
    directive, _, clauses = directing.public(db, writer)
    with pytest.raises(Invalid):
        stages.take_back(db, writer, directive.id, reason=" ")
    stages.take_back(db, writer, directive.id, reason="Many asked for more.")
    head = {"title": "A secret new name", "introduction": "New words."}
    writing.save(db, writer, directive.id, "directive", directive.id, head, based_on=1)
    save(db, writer, directive.id, clauses[0], 1, what="Secret new words.")
    seen = views.get(db, None, directive.id)
    assert (seen.title, seen.introduction, seen.slug) == ("Records online", "Why we do this.", "records-online")
    assert seen.is_revised
    assert views.newest(db, seen).text.parts[0].clauses[0].what == CLAUSE["what"]
    assert [one.title for one in views.every(db, None)] == ["Records online"]
    assert [step.reason for step in views.steps(db, None, seen)] == ["", "Many asked for more."]
    again = directing.open_it(db, writer, directive.id)
    assert views.newest(db, again).number == 2
    assert views.get(db, None, directive.id).title == "A secret new name"


def test_final_it_has_a_number_and_never_changes_again(db: Connection, writer: Person) -> None:
    first, _, clauses = directing.public(db, writer)
    second, _, _ = directing.public(db, writer, title="The second")
    with pytest.raises(Conflict, match="still comment"):
        stages.finish(db, writer, first.id)
    done = directing.finish(db, writer, first.id)
    assert (done.stage, done.number) == ("final", 1)
    assert directing.finish(db, writer, second.id).number == 2
    edition = views.newest(db, done)
    assert (edition.kind, edition.is_sound, len(edition.digest)) == ("final", True, 64)
    for act in (
        lambda: save(db, writer, first.id, clauses[0], 1, what="Other words."),
        lambda: stages.take_back(db, writer, first.id, reason="A mistake."),
        lambda: stages.finish(db, writer, first.id),
        lambda: directing.open_it(db, writer, first.id),
        lambda: arranging.delete(db, writer, first.id, "recommendation", clauses[0]),
        lambda: citing.cite(db, writer, first.id, clauses[0], "idea:1"),
    ):
        with pytest.raises(Conflict):
            act()
    assert views.newest(db, views.get(db, None, first.id)) == edition


def test_the_database_refuses_to_change_an_edition_and_a_changed_one_is_noticed(db: Connection, writer: Person) -> None:
    directive, _, _ = directing.public(db, writer)
    words = sa.func.replace(DirectiveEdition.content, "Film meetings", "Film all")
    for change in (sa.update(DirectiveEdition).values(content=words), sa.delete(DirectiveEdition)):
        with pytest.raises(sa.exc.DBAPIError, match="editions never change"), db.begin_nested():
            db.execute(change)
    if is_sqlite(db):
        db.exec_driver_sql("DROP TRIGGER directive_editions_update_never")
    else:
        db.exec_driver_sql("ALTER TABLE directive_editions DISABLE TRIGGER ALL")
    db.execute(sa.update(DirectiveEdition).values(content=words))
    assert not views.newest(db, directive).is_sound
    assert list(views.check(db)) == [f"Edition 1 of directive {directive.id} is not what was published."]


def test_a_cited_idea_that_is_gone_is_named_by_its_number_alone(db: Connection, make: Make, writer: Person) -> None:
    idea_id = make.idea(title="Words that were removed")
    directive, _, _ = directing.public(db, writer, ideas=(idea_id,))
    db.execute(sa.update(Idea).where(Idea.id == idea_id).values(state="removed", is_listed=False))
    edition = views.newest(db, directive)
    assert "Words that were removed" not in edition.content
    [shown] = citing.shown(db, edition.text.parts[0].clauses[0].citations)
    assert (shown.idea.ref, shown.idea.title, shown.idea.path) == (f"I-{idea_id}", "Not public any more", "")


def test_words_survive_freezing_whatever_they_are(db: Connection, writer: Person) -> None:
    directive, _, _ = directing.public(
        db, writer, title="“Ünï” <b>&amp;</b> 公開 العربية", introduction="a\n\n`b` \\ 'c'"
    )
    edition = views.newest(db, directive)
    assert edition.text == texts.now_written(db, directive.id)
    assert edition.is_sound
    assert clause("x")["title"] == "x"


def test_of_saves_in_the_same_moment_one_wins_and_the_others_hear_of_it(database: Database) -> None:
    def prepare(db: Connection) -> tuple[Person, int, int]:
        writer = Make(db).user(role="policy")
        directive, _, clauses = directing.draft(db, writer)
        return writer, directive.id, clauses[0]

    writer, directive_id, clause_id = database.write(prepare)

    def one(number: int) -> int | None:
        try:
            with database.transaction() as db:
                return save(db, writer, directive_id, clause_id, 1, what=f"Words of {number}.")
        except Collision:
            return None

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(one, range(6)))
    assert sorted(filter(None, results)) == [2]
    with database.reading() as db:
        assert len(writing.history(db, writer, directive_id, "recommendation", clause_id)) == 2


def test_two_directives_that_end_together_have_two_numbers(database: Database) -> None:
    def prepare(db: Connection) -> tuple[Person, list[int]]:
        writer = Make(db).user(role="policy")
        ids = [directing.public(db, writer)[0].id for _ in range(4)]
        for directive_id in ids:
            stages.end_comments(db, writer, directive_id, reason="Everything was said.")
        return writer, ids

    writer, ids = database.write(prepare)

    def one(directive_id: int) -> int | None:
        with database.transaction() as db:
            return stages.finish(db, writer, directive_id).number

    with ThreadPoolExecutor(4) as pool:
        assert sorted(filter(None, pool.map(one, ids))) == [1, 2, 3, 4]
