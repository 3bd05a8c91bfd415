"""Posting: a new idea and its edits, checked, rendered, announced, and held where a community asks for it."""

import random
import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert
from forum.domain import (
    communities,
    follows,
    ideas,
    limits,
    moderation,
    outbox,
    ranking,
    repeats,
    revisions,
    search,
    spam,
    states,
    tags,
    trust,
    waves,
)
from forum.domain.communities import CommunityView
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.ideas import IdeaView
from forum.domain.lists import SHUFFLE_RANGE
from forum.domain.people import Person
from forum.domain.permissions import can, manages, require
from forum.models import Idea, IdeaTag, IdeaText, StatusChange, Tag, User

TITLE_LEAST, TITLE_MOST = 5, 120
BODY_LEAST, BODY_MOST = 20, 10_000
WHY_MOST = 2_000
_COMMAS = re.compile("[,\n\uff0c\u3001\u060c]")

_KEPT_COUNT = sa.select(User.kept_count).where(User.id == sa.bindparam("user_id"))
_TAG_IDS = sa.select(IdeaTag.tag_id).where(IdeaTag.idea_id == sa.bindparam("idea_id"))
_UNTAG = sa.delete(IdeaTag).where(IdeaTag.idea_id == sa.bindparam("idea_id"), IdeaTag.tag_id == sa.bindparam("tag_id"))
_COUNT_TAG = sa.update(Tag).where(Tag.id == sa.bindparam("the_tag"))
_COUNT_TAG = _COUNT_TAG.values(idea_count=Tag.idea_count + sa.bindparam("change"))


def _title(value: str) -> str:
    value = text.tidy_line(value)
    if not value:
        raise ValueError("Please give your idea a title.")
    if len(value) < TITLE_LEAST:
        raise ValueError(f"Please write a title of at least {TITLE_LEAST} characters.")
    if len(value) > TITLE_MOST:
        raise ValueError(f"The title has {len(value):,} characters. Please keep it to {TITLE_MOST}.")
    return value


def _body(value: str) -> str:
    value = text.tidy(value).strip()
    if not value:
        raise ValueError("Please say what your idea is.")
    if len(value) < BODY_LEAST:
        raise ValueError(f"Please say a little more about your idea: at least {BODY_LEAST} characters.")
    if len(value) > BODY_MOST:
        raise ValueError(f"Your idea has {len(value):,} characters. Please keep it to {BODY_MOST:,}.")
    return value


def _why(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) > WHY_MOST:
        raise ValueError(f"The reason has {len(value):,} characters. Please keep it to {WHY_MOST:,}.")
    return value


def _tags(value: str) -> str:
    names = _names(value)
    if len(names) > tags.MOST:
        raise ValueError(f"You gave {len(names)} tags. Please keep to {tags.MOST}.")
    if any(len(name) > tags.LENGTH for name in names):
        raise ValueError(f"A tag has at most {tags.LENGTH} characters. Please put commas between tags.")
    return ", ".join(names)


def _names(value: str) -> tuple[str, ...]:
    """Tags as typed, with commas of any script between them: tidied, without repeats."""
    found: dict[str, str] = {}
    for part in _COMMAS.split(value):
        name = text.tidy_line(part).lstrip("#").strip()
        if any(char.isalnum() for char in name):
            found.setdefault(text.fold(name), name)
    return tuple(found.values())


def _community(value: str) -> str:
    if not value.strip():
        raise ValueError("Please choose a community.")
    return value.strip()


class _Words(BaseModel):
    model_config = ConfigDict(validate_default=True, frozen=True)

    title: Annotated[str, AfterValidator(_title)] = ""
    body: Annotated[str, AfterValidator(_body)] = ""
    why: Annotated[str, AfterValidator(_why)] = ""


class TextFields(_Words):
    """The words of an idea, as a form gives them. `tags`: names with commas between them."""

    tags: Annotated[str, AfterValidator(_tags)] = ""


class IdeaFields(_Words):
    """A new idea: its words, and the slug of the community it is for."""

    community: Annotated[str, AfterValidator(_community)] = ""
    tags: Annotated[str, AfterValidator(_tags)] = ""


Fields = TextFields | IdeaFields


@dataclass(frozen=True, slots=True)
class Texts:
    """What is made of the words: safe HTML, the lines of a card, plain text and its stems. Takes processor time."""

    body_html: str
    why_html: str
    excerpt: str
    plain: str
    stems: "search.Stems"  # of the title and of `plain`
    reading: "spam.Reading"


@dataclass(frozen=True, slots=True)
class Posted:
    """The outcome of posting. `is_new` is False when the same text had just been posted."""

    id: int
    slug: str
    is_held: bool
    is_new: bool = True

    @property
    def path(self) -> str:
        return ideas.path(self.id, self.slug)


@dataclass(frozen=True, slots=True)
class Edited:
    """The outcome of an edit: where the idea is now, and whether the text before stays to be seen."""

    path: str
    is_changed: bool
    is_revision: bool = False
    is_held: bool = False


def texts_of(fields: Fields) -> Texts:
    """Render the words of an idea. Pure: may be done before the transaction begins."""
    plain = text.to_plain(fields.body + (f"\n\n{fields.why}" if fields.why else ""), links=False)
    reading = spam.read(fields.title, f"{fields.body}\n{fields.why}")
    stems = search.Stems.of(fields.title, plain)
    return Texts(text.to_html(fields.body), text.to_html(fields.why), text.excerpt(fields.body), plain, stems, reading)


def places(db: Connection, user: Person | None) -> list[CommunityView]:
    """The communities that this person may write a new idea for, in the order of the directory."""
    return [place for place in communities.directory(db).values() if can(user, "idea.draft", place)]


def post(db: Connection, user: Person | None, fields: IdeaFields, *, texts: Texts | None = None) -> Posted:
    """Post an idea. The same words by the same person within minutes are one idea, however often they arrive.

    Invalid for a community this person can't see, SignInNeeded and Forbidden by the rights, TooMany past the limit.
    """
    try:
        place = communities.get(db, user, fields.community)
    except NotFound:
        raise Invalid({"community": "Please choose one of the communities."}) from None
    user = require(user, "idea.post", place)
    keys = repeats.keys_of(str(user.id), fields.title, fields.body, fields.community)
    if (first := repeats.claim(db, keys)) is not None:
        repeats.give(db, keys, first)
        known = ideas.get(db, user, first)
        return Posted(known.id, known.slug, known.state == "held", is_new=False)
    limits.hit(db, user, "idea")
    texts = texts or texts_of(fields)
    verdict = spam.judge(db, user, place, "idea", texts.reading)
    seen = waves.look(db, user, texts.stems)
    is_checked = _is_to_be_held(db, user, place, _words(fields.title, fields.body, fields.why))
    is_repeat = seen.is_to_wait and not manages(user, place)
    is_copy = is_repeat and not is_checked
    posted = _insert(db, user, place, fields, texts, is_checked or is_copy or verdict is not None)
    repeats.give(db, keys, posted.id)
    spam.put(db, user, "idea", posted.id, texts.reading)
    waves.note(db, seen, idea_id=posted.id, author_id=user.id, community_id=place.id, is_held=is_copy)
    if posted.is_held and not (is_copy and seen.wave_id):  # a copy needs no case of its own beside that of its wave
        _hold(db, user, place.id, posted.id, verdict, "published")
    if is_repeat and seen.wave_id is not None:
        waves.join_held(db, seen.wave_id, posted.id, is_held_here=is_copy)
    if not posted.is_held:
        trust.add_kept(db, "idea", posted.id, 1)
        outbox.add(db, "idea.posted", idea_id=posted.id)
    follows.put(db, user, "idea", posted.id)
    return posted


def _words(title: str, body: str, why: str) -> str:
    return f"{title}\n{body}\n{why}"


def _is_to_be_held(db: Connection, user: Person, place: CommunityView, words: str, before: str = "") -> bool:
    if trust.never_waits(user):
        return False
    if trust.has_too_many_links(user, words, before, here=place.most_links) and not manages(user, place):
        return True
    kept_count = int(db.execute(_KEPT_COUNT, {"user_id": user.id}).scalar_one())
    return moderation.should_hold(place, user, kept_count)


def _hold(
    db: Connection, user: Person, community_id: int, idea_id: int, verdict: "spam.Verdict | None", shown: str
) -> None:
    about: dict[str, Any] = {"community_id": community_id, "author_id": user.id, "shown": shown}
    if verdict is not None:
        spam.hold(db, "idea", idea_id, verdict, **about)
    else:
        moderation.open_held(db, subject_kind="idea", subject_id=idea_id, **about)


def _insert(
    db: Connection, user: Person, place: CommunityView, fields: IdeaFields, texts: Texts, is_held: bool
) -> Posted:
    moment, state = now(), "held" if is_held else "published"
    listed = states.is_listed(state)
    slug = text.slug(fields.title)
    idea_id = insert(
        db,
        Idea,
        community_id=place.id,
        author_id=user.id,
        title=fields.title,
        slug=slug,
        excerpt=texts.excerpt,
        state=state,
        is_listed=listed,
        is_public=listed and place.visibility == "public",
        is_by_employee=user.is_employee,
        shuffle=random.randrange(SHUFFLE_RANGE),  # noqa: S311 - an order, not a secret
        created_at=moment,
        **ranking.ranks(0, 0, moment)._asdict(),
    )
    words = {"body": fields.body, "body_html": texts.body_html, "why": fields.why, "why_html": texts.why_html}
    db.execute(sa.insert(IdeaText), {"idea_id": idea_id, **words})
    tags.put(db, ((idea_id, tag_id) for tag_id in _tag_ids(db, fields)))
    if listed:
        states.count(db, idea_id, place.id, 1)
    step = {"idea_id": idea_id, "kind": "posted", "by_id": user.id, "created_at": moment}
    db.execute(sa.insert(StatusChange), step)
    _index(db, idea_id, place.id, fields.title, texts, moment, states.is_found(state))
    return Posted(idea_id, slug, is_held)


def _tag_ids(db: Connection, fields: Fields) -> list[int]:
    # In one order for everybody: two who make the same new tags never wait for each other.
    return sorted({tags.ensure(db, name) for name in sorted(_names(fields.tags), key=tags.slug_of)})


def _index(
    db: Connection, idea_id: int, community_id: int, title: str, texts: Texts, posted_at: datetime, is_found: bool
) -> None:
    search.put(
        db,
        "idea",
        idea_id,
        community_id=community_id,
        title=title,
        body=texts.plain,
        created_at=posted_at,
        is_visible=is_found,
        stems=texts.stems,
    )


def edit(
    db: Connection,
    user: Person | None,
    idea_id: int,
    fields: Fields,
    *,
    seen: str = "",
    texts: Texts | None = None,
) -> Edited:
    """Change the words of an idea: without a trace within the first hour, as a visible revision afterwards.

    `seen` is the mark (revisions.mark) of the text that the author changed; Conflict when the text is another one now.
    Where posts are checked before they are seen, the new words wait for a check too.
    """
    idea = ideas.get(db, user, idea_id, to_change=True)
    user = require(user, "idea.edit", idea)
    old = revisions.Text(idea.title, idea.body, idea.why)
    new = revisions.Text(fields.title, fields.body, fields.why)
    if new == old and _slugs(fields) == {tag.slug for tag in idea.tags}:
        return Edited(idea.path, is_changed=False)
    if seen and seen != revisions.mark(old):
        raise Conflict("You changed this idea in another window. Below is your new text, not yet saved.")
    limits.hit(db, user, "edit")
    is_revision = new != old and not revisions.is_free(idea.created_at)
    if is_revision:
        revisions.keep(db, user, "idea", idea_id, old)
    if new != old:
        texts = texts or texts_of(fields)
        _rewrite(db, idea, fields, texts, is_revision)
    _retag(db, idea, fields)
    is_held = new != old and texts is not None and _check_again(db, user, idea, new, texts.reading)
    return Edited(ideas.path(idea_id, text.slug(fields.title)), True, is_revision, is_held)


def put(db: Connection, author: Person, place: CommunityView, fields: IdeaFields, *, texts: Texts) -> Posted:
    """Make an idea as a part of another act that was allowed (a split): no limit, no announcement. Asks no rights."""
    posted = _insert(db, author, place, fields, texts, is_held=False)
    trust.add_kept(db, "idea", posted.id, 1)
    follows.put(db, author, "idea", posted.id)
    return posted


def must_wait(db: Connection, user: Person, place: CommunityView, fields: Fields, texts: Texts) -> bool:
    """Would a new post of these words wait for a check here?"""
    if spam.judge(db, user, place, "idea", texts.reading) is not None:
        return True
    return _is_to_be_held(db, user, place, _words(fields.title, fields.body, fields.why))


def rewrite(db: Connection, by: Person, idea: IdeaView, fields: TextFields, *, texts: Texts) -> None:
    """Change the words of an idea as a part of another act that was allowed; the text before stays to be seen."""
    revisions.keep(db, by, "idea", idea.id, revisions.Text(idea.title, idea.body, idea.why))
    _rewrite(db, idea, fields, texts, is_revision=True)


def _check_again(db: Connection, user: Person, idea: IdeaView, new: revisions.Text, reading: "spam.Reading") -> bool:
    """Hold an idea whose new words must wait for a check; says whether they do from now on."""
    spam.put(db, user, "idea", idea.id, reading, is_held=idea.state == "held")
    if idea.state == "held":
        return False
    words, old = _words(new.title, new.body, new.why), _words(idea.title, idea.body, idea.why)
    read_old = partial(spam.read, "", old)
    verdict = spam.judge(db, user, idea.community, "idea", reading, subject_id=idea.id, before=read_old)
    if verdict is None and not _is_to_be_held(db, user, idea.community, words, old):
        return False
    states.change(db, idea.id, "held")
    _hold(db, user, idea.community_id, idea.id, verdict, idea.state)
    return True


def _slugs(fields: Fields) -> set[str]:
    return {tags.slug_of(name) for name in _names(fields.tags)}


def _rewrite(db: Connection, idea: IdeaView, fields: Fields, texts: Texts, is_revision: bool) -> None:
    values: dict[str, Any] = {"title": fields.title, "slug": text.slug(fields.title), "excerpt": texts.excerpt}
    if is_revision:
        values["edited_at"] = now()
    db.execute(sa.update(Idea).where(Idea.id == idea.id).values(**values))
    words = {"body": fields.body, "body_html": texts.body_html, "why": fields.why, "why_html": texts.why_html}
    db.execute(sa.update(IdeaText).where(IdeaText.idea_id == idea.id).values(**words))
    waves.note_again(db, idea.id, texts.stems)
    found = states.is_found(idea.state)
    _index(db, idea.id, idea.community_id, fields.title, texts, idea.created_at, found)


def _retag(db: Connection, idea: IdeaView, fields: Fields) -> None:
    before = set(db.execute(_TAG_IDS, {"idea_id": idea.id}).scalars())
    after = set(_tag_ids(db, fields))
    for tag_id in sorted(before ^ after):
        is_added = tag_id in after
        if is_added:
            tags.put(db, [(idea.id, tag_id)])
        else:
            db.execute(_UNTAG, {"idea_id": idea.id, "tag_id": tag_id})
        if idea.is_listed:
            db.execute(_COUNT_TAG, {"the_tag": tag_id, "change": 1 if is_added else -1})
