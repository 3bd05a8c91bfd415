"""Drafts: kept while typing, found again, one's own alone, waiting through a sign-in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection
from forum.domain import drafts
from forum.domain.errors import Conflict, Invalid, NotFound, SignInNeeded
from forum.models import Draft
from tests.making import Make

FIELDS = {"title": "Publish", "body": "Put it all online", "secret": "no field of ours"}


def test_saving_again_with_the_same_key_replaces_the_draft(db: Connection, make: Make) -> None:
    user, key = make.user(), drafts.new_key()
    first = drafts.keep(db, user, key, "idea", {"title": "Pub"})
    assert drafts.keep(db, user, key, "idea", FIELDS) == first
    (draft,) = drafts.of(db, user)
    assert (draft.id, draft.heading, draft.path) == (first, "Publish", f"/ideas/new?draft={first}")
    assert draft.fields == {"title": "Publish", "body": "Put it all online"}


def test_a_form_that_goes_on_with_a_draft_saves_into_it(db: Connection, make: Make) -> None:
    user = make.user()
    drafts.keep(db, user, drafts.new_key(), "idea", FIELDS)
    draft = drafts.of(db, user)[0]
    assert drafts.keep(db, user, drafts.key_of(draft), "idea", {"title": "Publish it"}) == draft.id
    assert drafts.get(db, user, draft.id).heading == "Publish it"
    drafts.sent(db, user, key=drafts.key_of(draft))
    assert drafts.of(db, user) == []
    with pytest.raises(NotFound):
        drafts.keep(db, user, drafts.key_of(draft), "idea", FIELDS)


def test_drafts_are_one_s_own_alone(db: Connection, make: Make) -> None:
    user, other, key = make.user(), make.user(), drafts.new_key()
    draft_id = drafts.keep(db, user, key, "idea", FIELDS)
    assert draft_id is not None
    assert drafts.of(db, other) == []
    for act in (drafts.get, drafts.delete):
        with pytest.raises(NotFound):
            act(db, other, draft_id)
        with pytest.raises(SignInNeeded):
            act(db, None, draft_id)
    with pytest.raises(Invalid):
        drafts.keep(db, other, key, "idea", {"title": "Mine now"})
    with pytest.raises(NotFound):
        drafts.keep(db, other, f"id:{draft_id}", "idea", {"title": "Mine now"})
    drafts.sent(db, other, key=key, waiting_key=key)
    assert drafts.get(db, user, draft_id).heading == "Publish"
    assert drafts.with_key(db, key, "idea") is None


def test_empty_forms_are_not_kept(db: Connection, make: Make) -> None:
    user = make.user()
    assert drafts.keep(db, user, drafts.new_key(), "idea", {"title": " ", "community": "budget"}) is None
    assert drafts.of(db, user) == []


def test_a_draft_can_be_thrown_away(db: Connection, make: Make) -> None:
    user = make.user()
    draft_id = drafts.keep(db, user, drafts.new_key(), "comment", {"body": "Well"}, object_id=12) or 0
    assert drafts.of(db, user)[0].path == f"/ideas/12?draft={draft_id}#comment-form"
    drafts.delete(db, user, draft_id)
    with pytest.raises(NotFound):
        drafts.delete(db, user, draft_id)


@pytest.mark.parametrize(
    "key, kind, fields",
    [
        ("short", "idea", FIELDS),
        ("id:x", "idea", FIELDS),
        ("k" * 40, "poem", FIELDS),
        ("k" * 40, "idea", {"body": "x" * 60_001}),
    ],
)
def test_what_is_no_draft_is_refused(db: Connection, make: Make, key: str, kind: str, fields: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        drafts.keep(db, make.user(), key, kind, fields)


def test_a_person_has_so_many_drafts_and_no_more(db: Connection, make: Make) -> None:
    user, key = make.user(), drafts.new_key()
    drafts.keep(db, user, key, "idea", FIELDS)
    for _ in range(drafts.MOST - 1):
        drafts.keep(db, user, drafts.new_key(), "idea", FIELDS)
    with pytest.raises(Conflict, match="50 drafts"):
        drafts.keep(db, user, drafts.new_key(), "idea", FIELDS)
    assert drafts.keep(db, user, key, "idea", {"title": "Still saved"})


def test_what_nobody_typed_waits_for_its_key_and_is_forgotten_after_a_week(db: Connection, make: Make) -> None:
    key = drafts.keep_for_nobody(db, "comment", 12, {"body": "Well said"})
    waiting = drafts.with_key(db, key, "comment", 12)
    assert waiting is not None
    assert waiting.fields == {"body": "Well said"}
    for wrong in ((key, "idea", None), (key, "comment", 13), ("x" * 40, "comment", 12), (None, "comment", 12)):
        assert drafts.with_key(db, *wrong) is None
    drafts.forget(db)
    assert drafts.with_key(db, key, "comment", 12) is not None
    with time_machine.travel(now() + timedelta(days=8), tick=False):
        drafts.forget(db)
    assert db.execute(sa.select(sa.func.count()).select_from(Draft)).scalar_one() == 0


def test_a_draft_that_waited_goes_when_it_was_sent(db: Connection, make: Make) -> None:
    key = drafts.keep_for_nobody(db, "idea", None, FIELDS)
    drafts.sent(db, make.user(), waiting_key=key)
    assert drafts.with_key(db, key, "idea") is None
