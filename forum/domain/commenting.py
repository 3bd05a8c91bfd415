"""Commenting: write, reply, edit, withdraw, agree; held where a community asks for it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert, insert_once
from forum.domain import comments, ideas, limits, moderation, outbox, revisions, search, spam, trust
from forum.domain.comments import CommentView
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.ideas import IdeaView
from forum.domain.people import Person
from forum.domain.permissions import manages, require
from forum.models import Comment, CommentAgreement, PostKey, User

LEAST, MOST = 2, 5_000
SAME_POST = 300  # seconds: the same words at the same place by the same person within 1 to 2 times this are one comment
QUOTED = 600  # characters of a comment that a quotation begins with

_SET_PATH = (
    sa.update(Comment)
    .where(Comment.id == sa.bindparam("the_id"))
    .values(path=sa.bindparam("new_path"), depth=sa.bindparam("new_depth"))
)
_SET_TEXT = (
    sa.update(Comment)
    .where(Comment.id == sa.bindparam("the_id"))
    .values(body=sa.bindparam("new_body"), body_html=sa.bindparam("new_html"), edited_at=sa.bindparam("new_edited_at"))
)
_KEPT_COUNT = sa.select(User.kept_count).where(User.id == sa.bindparam("user_id"))
_COUNT_KEPT = (
    sa.update(User).where(User.id == sa.bindparam("the_user")).values(kept_count=User.kept_count + sa.bindparam("more"))
)
_KEY_OWNER = sa.select(PostKey.object_id).where(PostKey.key == sa.bindparam("key"))
_SET_KEYS = (
    sa.update(PostKey)
    .where(PostKey.key.in_(sa.bindparam("keys", expanding=True)))
    .values(object_id=sa.bindparam("comment_id"))
)
_DROP_KEYS = sa.delete(PostKey).where(PostKey.kind == "comment", PostKey.object_id == sa.bindparam("comment_id"))
_DISAGREE = sa.delete(CommentAgreement).where(
    CommentAgreement.comment_id == sa.bindparam("on"), CommentAgreement.user_id == sa.bindparam("by")
)
_COUNT_AGREE = (
    sa.update(Comment)
    .where(Comment.id == sa.bindparam("the_id"))
    .values(agree_count=Comment.agree_count + sa.bindparam("more"))
    .returning(Comment.agree_count)
)
_AGREE_COUNT = sa.select(Comment.agree_count).where(Comment.id == sa.bindparam("the_id"))


def _body(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < LEAST:
        raise ValueError("Please write your comment.")
    if len(value) > MOST:
        raise ValueError(f"Your comment has {len(value):,} characters. Please keep it to {MOST:,}.")
    return value


def _parent(value: str) -> str:
    value = value.strip()
    if value and not (value.isascii() and value.isdigit() and len(value) < 19):
        raise ValueError("The comment you answer is not there.")
    return value


class CommentText(BaseModel):
    """The words of a comment."""

    model_config = ConfigDict(validate_default=True, frozen=True)

    body: Annotated[str, AfterValidator(_body)] = ""


class CommentFields(CommentText):
    """A new comment: its words, the id of the comment it answers (or empty), and whether it speaks for the agency."""

    parent: Annotated[str, AfterValidator(_parent)] = ""
    official: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """What is made of the words: safe HTML and plain text for the search. Takes processor time."""

    body_html: str
    plain: str
    reading: "spam.Reading"


@dataclass(frozen=True, slots=True)
class Posted:
    """The outcome of posting. `is_new` is False when the same words had just been posted there."""

    id: int
    is_held: bool
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many agree with a comment now, and whether I do."""

    id: int
    idea_id: int
    count: int
    i_agree: bool


def texts_of(fields: CommentText) -> Texts:
    """Render the words of a comment. Pure: may be done before the transaction begins."""
    return Texts(*text.to_html_and_plain(fields.body), spam.read("", fields.body))


def post(
    db: Connection, user: Person | None, idea_id: int, fields: CommentFields, *, texts: Texts | None = None
) -> Posted:
    """Comment on an idea, or answer a comment under it. The same words there within minutes are one comment.

    NotFound for an idea this person can't see, SignInNeeded and Forbidden by the rights, Conflict when the answered
    comment is gone, TooMany past the limit.
    """
    idea = ideas.get(db, user, idea_id)
    user = require(user, "comment.post", idea)
    if fields.official:
        require(user, "comment.official", idea)
    parent = _answered(db, user, idea, fields.parent)
    keys = _post_keys(user, idea_id, fields)
    if (first := _claim(db, keys)) is not None:
        return Posted(first, comments.get(db, user, first).state == "held", is_new=False)
    limits.hit(db, user, "comment")
    texts = texts or texts_of(fields)
    verdict = spam.judge(db, user, idea.community, "comment", texts.reading)
    is_held = verdict is not None or _is_to_be_held(db, user, idea, fields.body)
    posted = _insert(db, user, idea, parent, fields, texts, is_held)
    spam.put(db, user, "comment", posted.id, texts.reading)
    if is_held:
        _hold(db, user, idea.community_id, posted.id, verdict)
    db.execute(_SET_KEYS, {"comment_id": posted.id, "keys": keys})
    return posted


def _answered(db: Connection, user: Person, idea: IdeaView, parent: str) -> CommentView | None:
    if not parent:
        return None
    try:
        answered = comments.get(db, user, int(parent))
    except NotFound:
        answered = None
    if answered is None or answered.idea_id != idea.id:
        raise Invalid({"parent": "The comment you answer is not there. Your words are kept below."})
    if answered.state != "published":
        raise Conflict("The comment you answer was taken away in the meantime.")
    return answered


def _post_keys(user: Person, idea_id: int, fields: CommentFields) -> tuple[str, str]:
    """Keys of this post in this stretch of time and the next: two posts less than one stretch apart share one."""
    words = "\x00".join(("comment", str(user.id), str(idea_id), fields.parent, fields.body)).encode()
    stretch = int(now().timestamp()) // SAME_POST
    first, second = (hashlib.sha256(f"{part}\x00".encode() + words).hexdigest() for part in (stretch, stretch + 1))
    return first, second


def _claim(db: Connection, keys: tuple[str, str]) -> int | None:
    """Take the keys, or say which comment has one of them. Who comes second waits here for the first one's commit."""
    moment = now()
    for key in keys:
        if not insert_once(db, PostKey, key=key, kind="comment", object_id=None, created_at=moment):
            owner = db.execute(_KEY_OWNER, {"key": key}).scalar()
            if owner is not None:
                return int(owner)
    return None


def _is_to_be_held(db: Connection, user: Person, idea: IdeaView, words: str, before: str = "") -> bool:
    if trust.never_waits(user):
        return False
    if trust.has_too_many_links(user, words, before, here=idea.community.most_links) and not manages(user, idea):
        return True
    kept_count = int(db.execute(_KEPT_COUNT, {"user_id": user.id}).scalar_one())
    return moderation.should_hold(idea.community, user, kept_count)


def _insert(
    db: Connection,
    user: Person,
    idea: IdeaView,
    parent: CommentView | None,
    fields: CommentFields,
    texts: Texts,
    is_held: bool,
) -> Posted:
    moment = now()
    comment_id = insert(
        db,
        Comment,
        idea_id=idea.id,
        parent_id=parent.id if parent else None,
        author_id=user.id,
        path="",
        body=fields.body,
        body_html=texts.body_html,
        state="held" if is_held else "published",
        is_official=fields.official,
        is_by_employee=user.is_employee,
        agency_name=user.agency_name if fields.official else "",
        created_at=moment,
    )
    path = comments.path_of(parent.path if parent else "", comment_id)
    db.execute(_SET_PATH, {"the_id": comment_id, "new_path": path, "new_depth": comments.depth_of(path)})
    _index(db, idea, comment_id, texts, moment)
    if is_held:
        search.hide(db, "comment", comment_id)
    else:
        comments.count_more(db, idea.id, 1)
        db.execute(_COUNT_KEPT, {"the_user": user.id, "more": 1})
        outbox.add(db, "idea.commented", comment_id=comment_id)
    return Posted(comment_id, is_held)


def _hold(db: Connection, user: Person, community_id: int, comment_id: int, verdict: "spam.Verdict | None") -> None:
    if verdict is not None:
        spam.hold(db, "comment", comment_id, verdict, community_id=community_id, author_id=user.id)
        return
    moderation.open_held(
        db, subject_kind="comment", subject_id=comment_id, community_id=community_id, author_id=user.id
    )


def edit(
    db: Connection,
    user: Person | None,
    comment_id: int,
    fields: CommentText,
    *,
    seen: str = "",
    texts: Texts | None = None,
) -> CommentView:
    """Change the words of one's own comment: without a trace within the first hour, as a visible revision afterwards.

    `seen` is the mark (revisions.mark) of the text that was changed; Conflict when the text is another one now. Where
    posts are checked before they are seen, the new words wait for a check too. Returns the comment as it is now.
    """
    comment = comments.get(db, user, comment_id, to_change=True)
    user = require(user, "comment.edit", comment)
    old = mark_of(comment)
    if fields.body == comment.body:
        return comment
    if seen and seen != old:
        raise Conflict("You changed this comment in another window. Below is your new text, not yet saved.")
    limits.hit(db, user, "edit")
    texts, edited_at = texts or texts_of(fields), comment.edited_at
    if not revisions.is_free(comment.created_at):
        revisions.keep(db, user, "comment", comment_id, _text_of(comment))
        edited_at = now()
    values = {"new_body": fields.body, "new_html": texts.body_html, "new_edited_at": edited_at}
    db.execute(_SET_TEXT, {"the_id": comment_id, **values})
    idea = ideas.get(db, user, comment.idea_id)
    _index(db, idea, comment_id, texts, comment.created_at)
    _check_again(db, user, comment, idea, fields.body, texts.reading)
    return comments.get(db, user, comment_id)


def _check_again(
    db: Connection, user: Person, comment: CommentView, idea: IdeaView, body: str, reading: "spam.Reading"
) -> None:
    """Hold a comment whose new words must wait for a check."""
    spam.put(db, user, "comment", comment.id, reading, is_held=comment.state == "held")
    if comment.state == "held":
        search.hide(db, "comment", comment.id)
        return
    verdict = spam.judge(
        db,
        user,
        idea.community,
        "comment",
        reading,
        subject_id=comment.id,
        before=lambda: spam.read("", comment.body),
    )
    if verdict is not None or _is_to_be_held(db, user, idea, body, comment.body):
        comments.change_state(db, comment.id, "held")
        db.execute(_COUNT_KEPT, {"the_user": user.id, "more": -1})
        _hold(db, user, idea.community_id, comment.id, verdict)


def mark_of(comment: CommentView) -> str:
    """A short fingerprint of the words, for the form that changes them."""
    return revisions.mark(_text_of(comment))


def _text_of(comment: CommentView) -> revisions.Text:
    return revisions.Text("", comment.body, "")


def _index(db: Connection, idea: IdeaView, comment_id: int, texts: Texts, posted_at: datetime) -> None:
    search.put(
        db,
        "comment",
        comment_id,
        community_id=idea.community_id,
        title="",
        body=texts.plain,
        created_at=posted_at,
    )


def withdraw(db: Connection, user: Person | None, comment_id: int) -> CommentView:
    """Take one's own comment back: a line that says so keeps its place in the thread. Returns it as it was."""
    comment = comments.get(db, user, comment_id, to_change=True)
    user = require(user, "comment.withdraw", comment)
    if comments.change_state(db, comment_id, "withdrawn") == "published":
        db.execute(_COUNT_KEPT, {"the_user": user.id, "more": -1})
    moderation.close_held(db, "comment", comment_id)
    db.execute(_DROP_KEYS, {"comment_id": comment_id})
    return comment


def agree(db: Connection, user: Person | None, comment_id: int, value: bool) -> Agreement:
    """Agree with a comment of somebody else, or take that back. Repeating it changes nothing."""
    comment = comments.get(db, user, comment_id)
    user = require(user, "comment.agree", comment)
    if value:
        row = {"comment_id": comment_id, "user_id": user.id, "idea_id": comment.idea_id, "created_at": now()}
        more = int(insert_once(db, CommentAgreement, **row))
    else:
        more = -db.execute(_DISAGREE, {"on": comment_id, "by": user.id}).rowcount
    if more > 0:
        limits.hit(db, user, "agree")
    if more:
        count = int(db.execute(_COUNT_AGREE, {"the_id": comment_id, "more": more}).scalar_one())
    else:
        count = int(db.execute(_AGREE_COUNT, {"the_id": comment_id}).scalar_one())
    return Agreement(comment_id, comment.idea_id, count, value)


def quotation(comment: CommentView) -> str:
    """The beginning of a comment as a quotation in Markdown, to answer below it."""
    words = comment.body if len(comment.body) <= QUOTED else comment.body[:QUOTED].rsplit(" ", 1)[0] + " …"
    return "\n".join(f"> {line}".rstrip() for line in words.split("\n")) + "\n\n"
