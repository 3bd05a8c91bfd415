"""Likely duplicates: pairs most alike become cases, once, across communities, and never tell of closed circles."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader

from forum.clock import now
from forum.db import Connection
from forum.domain import cases, duplicates, outbox, search, similar
from forum.models import Case, OutboxMessage
from tests.making import Make

TITLE, BODY = "Publish every contract of the city online", "Contracts above a sum should be online for all to read."
AGAIN = ("Publish all contracts of the city online", "Contracts above some sum should be online for everyone to read.")

OTHERS = (
    *("Plant trees along streets", "Longer hours for libraries", "Night buses", "Quiet fireworks", "Safer crossings"),
    *("Free swimming lessons", "Benches in parks", "Cheaper rail tickets", "A museum of rivers", "Fewer forms"),
    *("Minutes of all meetings", "Clean drinking fountains"),
)


def idea(make: Make, title: str = TITLE, body: str = BODY, **values: Any) -> int:
    idea_id = make.idea(title=title, body=body, **values)
    search.refresh(make.db, "idea", idea_id)
    return idea_id


def open_cases(db: Connection) -> list[tuple[int, Any]]:
    rows = db.execute(sa.select(Case.subject_id, Case.details).where(Case.kind == "duplicate", Case.is_open))
    return [(row.subject_id, row.details) for row in rows]


@pytest.fixture
def pair(make: Make) -> tuple[int, int]:
    """An idea, and one in another community that repeats it a day later; and others, so that words are rare or not."""
    for title in OTHERS:
        idea(make, title, title[::-1])
    older = idea(make, created_at=now() - timedelta(days=1))
    return older, idea(make, *AGAIN, community=make.community(name="Money"))


def test_the_newer_idea_of_a_pair_becomes_a_case_that_names_the_older(make: Make, pair: tuple[int, int]) -> None:
    older, newer = pair
    found = duplicates.look(make.db, [older])
    assert [(one.newer_id, one.older_id) for one in found] == [(newer, older)]
    (case,) = open_cases(make.db)
    assert case[0] == newer
    assert case[1]["other_id"] == older
    assert duplicates.CERTAIN <= case[1]["score"] <= 1


def test_a_pair_is_found_from_either_side_and_opened_once(make: Make, pair: tuple[int, int]) -> None:
    assert len(duplicates.look(make.db, [*pair, *pair])) == 1
    assert len(open_cases(make.db)) == 1


@pytest.mark.parametrize("kind", ["duplicate", "merge"])
def test_a_pair_that_was_judged_is_never_asked_about_again(make: Make, pair: tuple[int, int], kind: str) -> None:
    (found,) = duplicates.look(make.db, pair)
    make.db.execute(sa.update(Case).where(Case.id == found.case_id).values(kind=kind))
    cases.close(make.db, found.case_id)
    assert duplicates.look(make.db, pair) == []
    assert open_cases(make.db) == []


def test_ideas_that_only_share_a_topic_become_no_case(make: Make, pair: tuple[int, int]) -> None:
    other = idea(make, "Fewer contracts without a tender", "A city that buys without asking around pays too much.")
    assert duplicates.look(make.db, [other]) == []


@pytest.mark.parametrize("values", [{"state": "held"}, {"state": "removed"}, {"state": "withdrawn"}])
def test_ideas_that_are_not_shown_become_no_case(make: Make, pair: tuple[int, int], values: dict[str, str]) -> None:
    hidden = idea(make, **values)
    assert duplicates.look(make.db, [hidden]) == []


def test_an_idea_of_a_closed_circle_is_no_part_of_a_pair(make: Make, pair: tuple[int, int]) -> None:
    circle = make.community(visibility="members")
    secret = idea(make, community=circle)
    assert duplicates.look(make.db, [secret]) == []
    assert {one.newer_id for one in duplicates.look(make.db, pair)} == {pair[1]}


def test_no_more_cases_are_opened_than_a_queue_can_bear(
    make: Make, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates.findings, "MOST_OPEN", 0)
    assert duplicates.look(make.db, pair) == []


def test_the_worker_looks_at_what_arrived_a_few_at_a_time(make: Make, pair: tuple[int, int]) -> None:
    after: int | None = 0
    steps = 0
    while after is not None:
        after = similar.likely_duplicates(make.db, after, pair[1])
        steps += 1
    assert steps == 1 + 14 // similar.BATCH
    assert len(open_cases(make.db)) == 1


def test_what_arrived_waits_in_the_outbox(make: Make) -> None:
    similar.look_later(make.db, 3, 9)
    (row,) = make.db.execute(sa.select(OutboxMessage.kind, OutboxMessage.payload))
    assert row == ("ideas.arrived", {"after_id": 3, "until_id": 9})
    assert outbox.has_due(make.db)


def test_a_moderator_sees_both_texts_and_what_differs(make: Make, pair: tuple[int, int]) -> None:
    (found,) = duplicates.look(make.db, pair)
    about = duplicates.about_case(make.db, make.user(role="moderator"), cases_row(make.db, found.case_id))
    assert about["older"].title == TITLE
    assert about["newer"].title == AGAIN[0]
    assert ("del", "every contract") in about["title_changes"]
    assert ("add", "all contracts") in about["title_changes"]
    assert "".join(words for kind, words in about["body_changes"] if kind != "add") == BODY
    assert about["percent"] >= 50


def test_an_idea_that_went_into_a_closed_circle_is_not_shown_to_others(make: Make, pair: tuple[int, int]) -> None:
    (found,) = duplicates.look(make.db, pair)
    manager = make.user()
    case = cases_row(make.db, found.case_id)
    make.db.execute(sa.update(Case).where(Case.id == case.id).values(details={"other_id": 10**9, "score": 0.6}))
    about = duplicates.about_case(make.db, manager, case)
    assert about["older"] is None
    assert "body_changes" not in about


def test_the_partial_marks_what_differs_and_hides_nothing_else(make: Make, pair: tuple[int, int]) -> None:
    (found,) = duplicates.look(make.db, pair)
    about = duplicates.about_case(make.db, make.user(role="moderator"), cases_row(make.db, found.case_id))
    html = rendered(about)
    assert "<del>every contract</del>" in html
    assert "<ins>all contracts</ins>" in html
    assert html.count("<article") == 2
    assert "can’t be read" in rendered({"newer": None, "older": about["older"], "percent": 60})


def cases_row(db: Connection, case_id: int) -> Any:
    return db.execute(sa.select(Case.id, Case.subject_id).where(Case.id == case_id)).one()


def rendered(about: dict[str, Any]) -> str:
    env = Environment(loader=FileSystemLoader("templates"), autoescape=True)

    class Widgets:
        @staticmethod
        def time(moment: Any, **_: Any) -> str:
            return str(moment)

    return env.get_template("moderation/about/_duplicate.html").render(about=about, ui=Widgets())
