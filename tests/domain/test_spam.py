"""Spam: which posts wait for a moderator because of their score, and what the moderator reads about them."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import cases, commenting, comments, decisions, ideas, moderation, posting, progress, spam
from forum.domain.commenting import CommentFields, CommentText
from forum.domain.communities import CommunityView
from forum.domain.errors import Forbidden, NotFound, SignInNeeded
from forum.domain.moderation import DecisionFields
from forum.domain.people import Person
from forum.domain.posting import IdeaFields, TextFields
from forum.domain.spam import repeats
from forum.domain.spam.verdicts import Author, Post, Verdict
from forum.models import Case, Idea, SpamPrint
from tests.making import Make

TEN_LINKS = "Look at these: " + " ".join(f"https://shop-{number}.example/sale" for number in range(10))
ADVERTISEMENT = (
    "Buy cheap watches online now, best price and free shipping. Order now at http://watches.example or write to us on "
    "WhatsApp +1 555 010 2233. Satisfaction guaranteed!"
)
GOOD = "Publish the bus times as a table. Today they are a picture, and nobody can search a picture."


def new_account(make: Make, **values: Any) -> Person:
    return make.user(**{"trust_level": 0, **values})


def trusted(make: Make, **values: Any) -> Person:
    return make.user(trust_level=2, created_at=now() - timedelta(days=90), kept_count=30, **values)


def place_for(make: Make, **values: Any) -> CommunityView:
    return make.community(phase="brainstorm", **{"moderation": "after", **values})


def post_idea(db: Connection, author: Person, place: CommunityView, body: str, title: str = "An idea of mine") -> int:
    return posting.post(db, author, IdeaFields(title=title, body=body, community=place.slug)).id


def open_cases(db: Connection, subject_id: int) -> list[tuple[str, Any]]:
    rows = db.execute(sa.select(Case.kind, Case.details).where(Case.subject_id == subject_id, Case.is_open))
    return [(row.kind, row.details) for row in rows]


# What is held


def test_a_new_account_that_posts_ten_links_is_held_and_the_case_says_why(db: Connection, make: Make) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), TEN_LINKS)
    assert ideas.get(db, author, idea_id).state == "held"
    with pytest.raises(NotFound):
        ideas.get(db, None, idea_id)
    [(kind, details)] = open_cases(db, idea_id)
    assert kind == "spam"
    assert details["score"] >= spam.THRESHOLD
    assert "Ten links." in details["signs"]
    assert "The account is less than a minute old." in details["signs"]


def test_a_trusted_account_that_posts_ten_links_is_not_held(db: Connection, make: Make) -> None:
    idea_id = post_idea(db, trusted(make), place_for(make), TEN_LINKS)
    assert ideas.get(db, None, idea_id).state == "published"
    assert open_cases(db, idea_id) == []


def test_a_manager_is_not_held_by_score_in_the_own_community(db: Connection, make: Make) -> None:
    place = place_for(make)
    boss = make.member(place.id, new_account(make), role="manager")
    assert ideas.get(db, None, post_idea(db, boss, place, TEN_LINKS)).state == "published"


def test_an_advertisement_of_a_new_account_is_held_as_a_comment_too(db: Connection, make: Make) -> None:
    idea_id = make.idea(community=place_for(make))
    author = new_account(make)
    posted = commenting.post(db, author, idea_id, CommentFields(body=ADVERTISEMENT))
    assert posted.is_held
    [(kind, details)] = open_cases(db, posted.id)
    assert kind == "spam"
    assert "A name or number of a private chat." in details["signs"]
    assert ideas.get(db, None, idea_id).comment_count == 0


def test_the_first_good_idea_of_a_new_account_is_published(db: Connection, make: Make) -> None:
    idea_id = post_idea(db, new_account(make), place_for(make), GOOD)
    assert ideas.get(db, None, idea_id).state == "published"


def test_where_first_posts_wait_anyway_a_good_one_gets_no_spam_case(db: Connection, make: Make) -> None:
    idea_id = post_idea(db, new_account(make), place_for(make, moderation="first-posts"), GOOD)
    assert [kind for kind, _ in open_cases(db, idea_id)] == ["held"]


def test_where_first_posts_wait_anyway_an_advertisement_gets_one_case_and_it_says_why(
    db: Connection, make: Make
) -> None:
    idea_id = post_idea(db, new_account(make), place_for(make, moderation="before"), ADVERTISEMENT)
    assert [kind for kind, _ in open_cases(db, idea_id)] == ["spam"]


def test_keeping_a_post_held_by_its_score_publishes_it(db: Connection, make: Make) -> None:
    idea_id = post_idea(db, new_account(make), place_for(make), ADVERTISEMENT)
    case_id = db.execute(sa.select(Case.id).where(Case.subject_id == idea_id)).scalar_one()
    moderation.decide(db, make.user(role="moderator"), case_id, DecisionFields(action="keep"))
    assert ideas.get(db, None, idea_id).is_listed


def test_an_idea_that_its_author_takes_back_leaves_no_open_case(db: Connection, make: Make) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), ADVERTISEMENT)
    progress.withdraw(db, author, idea_id, progress.WithdrawFields(reason="I changed my mind."))
    assert open_cases(db, idea_id) == []


def test_a_threshold_can_be_set_and_one_holds_nothing(db: Connection, make: Make) -> None:
    spam.set_threshold(db, 1)
    assert ideas.get(db, None, post_idea(db, new_account(make), place_for(make), ADVERTISEMENT)).state == "published"
    with pytest.raises(ValueError, match="between 0 and 1"):
        spam.set_threshold(db, 0)


# Edits


def test_an_edit_that_turns_an_idea_into_an_advertisement_is_held(db: Connection, make: Make) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), GOOD)
    edited = posting.edit(db, author, idea_id, TextFields(title="An idea of mine", body=ADVERTISEMENT))
    assert edited.is_held
    assert db.execute(sa.select(Idea.state).where(Idea.id == idea_id)).scalar_one() == "held"
    assert [kind for kind, _ in open_cases(db, idea_id)] == ["spam"]


def test_a_comment_that_becomes_an_advertisement_is_held(db: Connection, make: Make) -> None:
    author = new_account(make)
    comment_id = commenting.post(db, author, make.idea(community=place_for(make)), CommentFields(body=GOOD)).id
    assert commenting.edit(db, author, comment_id, CommentText(body=ADVERTISEMENT)).state == "held"
    with pytest.raises(NotFound):
        comments.get(db, None, comment_id)


def test_what_a_moderator_kept_may_be_mended_and_is_held_again_only_if_it_gets_worse(
    db: Connection, make: Make
) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), ADVERTISEMENT)
    case_id = db.execute(sa.select(Case.id).where(Case.subject_id == idea_id)).scalar_one()
    moderation.decide(db, make.user(role="moderator"), case_id, DecisionFields(action="keep"))
    mended = ADVERTISEMENT.replace("guaranteed", "warranted")
    assert not posting.edit(db, author, idea_id, TextFields(title="An idea of mine", body=mended)).is_held
    worse = f"{mended} {TEN_LINKS}"
    assert posting.edit(db, author, idea_id, TextFields(title="An idea of mine", body=worse)).is_held


def test_a_held_post_that_is_edited_keeps_its_case_which_then_tells_of_the_new_words(
    db: Connection, make: Make
) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), TEN_LINKS)
    posting.edit(db, author, idea_id, TextFields(title="An idea of mine", body=GOOD))
    [(kind, details)] = open_cases(db, idea_id)
    assert kind == "spam"
    assert details["score"] < spam.THRESHOLD
    assert "Ten links." not in details["signs"]
    assert ideas.get(db, author, idea_id).state == "held"


# The same text again

CHAIN = "Send this message to everybody you know, since the county wants to close our old swimming hall in May."


def scored(db: Connection, author: Person, text: str) -> Verdict:
    return spam.score(db, Post("comment", Author(author.id, now()), spam.read("", text)))


def test_the_same_text_by_the_same_account_raises_the_score_each_time(db: Connection, make: Make) -> None:
    author, place, found = new_account(make), place_for(make), []
    for _ in range(4):
        found.append(scored(db, author, CHAIN))
        commenting.post(db, author, make.idea(community=place), CommentFields(body=CHAIN))
    assert [verdict.odds for verdict in found] == sorted(verdict.odds for verdict in found)
    assert "This account posted the same text 3 times before." in found[3].signs
    assert found[0].score < 0.5 < spam.THRESHOLD


def test_other_digits_addresses_and_capitals_do_not_hide_a_repeated_text(db: Connection, make: Make) -> None:
    first, second = new_account(make), new_account(make)
    commenting.post(db, first, make.idea(community=place_for(make)), CommentFields(body=f"{CHAIN} 17 http://a.example"))
    found = scored(db, second, f"{CHAIN.upper()} 18 http://b.example")
    assert "One post of other accounts has the same text." in found.signs


def test_a_form_letter_of_many_people_is_not_held_by_being_the_same(db: Connection, make: Make) -> None:
    place = place_for(make)
    posted = [
        commenting.post(db, new_account(make), make.idea(community=place), CommentFields(body=CHAIN)) for _ in range(8)
    ]
    assert not any(one.is_held for one in posted)


def test_short_texts_are_nobodys_fingerprint() -> None:
    assert spam.read("", "I agree with all of this.").fingerprint is None
    assert spam.read("", "我同意。").fingerprint is None
    assert spam.read("", CHAIN).fingerprint is not None


def test_an_edited_post_is_known_by_its_new_text_and_old_fingerprints_are_forgotten(db: Connection, make: Make) -> None:
    author = new_account(make)
    comment_id = commenting.post(db, author, make.idea(community=place_for(make)), CommentFields(body=CHAIN)).id
    commenting.edit(db, author, comment_id, CommentText(body=GOOD))
    kept = db.execute(sa.select(SpamPrint.fingerprint).where(SpamPrint.subject_id == comment_id)).scalar_one()
    assert kept == spam.read("", GOOD).fingerprint
    db.execute(sa.update(SpamPrint).values(created_at=now() - repeats.KEPT - timedelta(minutes=1)))
    spam.forget(db)
    assert db.execute(sa.select(sa.func.count()).select_from(SpamPrint)).scalar_one() == 0


# In the queue


def test_a_case_tells_those_who_may_see_it_the_score_and_its_signs(db: Connection, make: Make) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), TEN_LINKS)
    boss = make.user(role="moderator")
    [case] = cases.queue(db, boss, cases.Wanted(kind="spam")).cases
    about = spam.about_case(db, boss, case)
    assert case.subject_id == idea_id
    assert 90 <= about["score"] <= 99
    assert "Ten links." in about["signs"]
    with pytest.raises(Forbidden):
        spam.about_case(db, author, case)
    with pytest.raises(SignInNeeded):
        spam.about_case(db, None, case)


def test_a_held_post_waits_in_one_case_whatever_else_is_decided_about_it(db: Connection, make: Make) -> None:
    author = new_account(make)
    idea_id = post_idea(db, author, place_for(make), TEN_LINKS)
    boss = make.user(role="moderator")
    moderation.act(db, boss, "idea", idea_id, DecisionFields(action="lock", reason="spam"))
    assert [kind for kind, _ in open_cases(db, idea_id)] == ["spam"]
    [case] = cases.queue(db, boss, cases.Wanted(kind="spam")).cases
    decision_id = moderation.decide(db, boss, case.id, DecisionFields(action="remove", reason="spam"))
    assert open_cases(db, idea_id) == []
    decision = decisions.get(db, boss, decision_id)
    assert decision.machine == "found"
    assert "Ten links" in decision.facts


def test_keeping_an_off_topic_idea_that_an_edit_made_look_like_spam_leaves_it_off_topic(
    db: Connection, make: Make
) -> None:
    author, boss = new_account(make), make.user(role="moderator")
    idea_id = post_idea(db, author, place_for(make), GOOD)
    moderation.act(db, boss, "idea", idea_id, DecisionFields(action="off-topic", reason="off-topic"))
    assert posting.edit(db, author, idea_id, TextFields(title="An idea of mine", body=ADVERTISEMENT)).is_held
    posting.edit(db, author, idea_id, TextFields(title="An idea of mine", body=GOOD))
    [case] = cases.queue(db, boss, cases.Wanted(kind="spam")).cases
    moderation.decide(db, boss, case.id, DecisionFields(action="keep"))
    assert ideas.get(db, None, idea_id).state == "off-topic"
