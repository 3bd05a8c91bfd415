"""Where ideas stand and in which community, with what follows from it: lists, counts, search, cases, who is told."""

from collections import Counter
from collections.abc import Collection

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import outbox, search, trust
from forum.domain.errors import NotFound
from forum.models import Case, Comment, Community, Idea, IdeaTag, Tag

_CONTEXT = (
    sa.select(Idea.state, Idea.is_listed, Idea.community_id, Community.visibility)
    .join_from(Idea, Community, Community.id == Idea.community_id)
    .where(Idea.id == sa.bindparam("idea_id"))
    .with_for_update(of=Idea)
)
_SET = (
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_idea"))
    .values(state=sa.bindparam("new_state"), is_listed=sa.bindparam("new_listed"), is_public=sa.bindparam("new_public"))
)
_COUNT_IN_COMMUNITY = (
    sa.update(Community)
    .where(Community.id == sa.bindparam("the_community"))
    .values(idea_count=Community.idea_count + sa.bindparam("change"))
)
_CONTEXTS = (
    sa.select(Idea.id, Idea.author_id, Idea.state, Idea.is_listed, Idea.community_id, Community.visibility)
    .join_from(Idea, Community, Community.id == Idea.community_id)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Idea.id)
    .with_for_update(of=Idea)
)
_SET_MANY = (
    sa.update(Idea)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)))
    .values(state=sa.bindparam("new_state"), is_listed=sa.bindparam("new_listed"), is_public=sa.bindparam("new_public"))
)
_TAGS_OF_MANY = (
    sa.select(IdeaTag.tag_id, sa.func.count().label("ideas"))
    .where(IdeaTag.idea_id.in_(sa.bindparam("ids", expanding=True)))
    .group_by(IdeaTag.tag_id)
    .order_by(IdeaTag.tag_id)
)
_COUNT_IN_TAG = (
    sa.update(Tag).where(Tag.id == sa.bindparam("the_tag")).values(idea_count=Tag.idea_count + sa.bindparam("change"))
)
_COUNT_IN_TAGS = (
    sa.update(Tag)
    .where(Tag.id.in_(sa.select(IdeaTag.tag_id).where(IdeaTag.idea_id == sa.bindparam("the_idea"))))
    .values(idea_count=Tag.idea_count + sa.bindparam("change"))
)
_VISIBILITY = sa.select(Community.visibility).where(Community.id == sa.bindparam("the_community"))
_SET_COMMUNITY = (
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_idea"))
    .values(community_id=sa.bindparam("new_community"), is_public=sa.bindparam("new_public"))
)
_COMMENT_IDS = sa.select(Comment.id).where(Comment.idea_id == sa.bindparam("the_idea"))
_MOVE_CASES = (
    sa.update(Case)
    .where(
        Case.is_open,
        sa.or_(
            sa.and_(Case.subject_kind == "idea", Case.subject_id == sa.bindparam("the_idea")),
            sa.and_(Case.subject_kind == "comment", Case.subject_id.in_(_COMMENT_IDS)),
        ),
    )
    .values(community_id=sa.bindparam("new_community"))
)


def is_listed(state: str) -> bool:
    """Does an idea in this state stand in the lists of its community?"""
    return state == "published"


def is_found(state: str) -> bool:
    """Does the search find an idea in this state? What is on the off-topic track only when it is asked for."""
    return state in ("published", "off-topic")


def change(db: Connection, idea_id: int, state: str) -> str:
    """Put an idea into a state, whoever asks, and return the state before. Its row stays locked until the commit.

    Lists, the counts of its community and tags, and the search follow. A held idea that is published for the first time
    is announced as `idea.posted`; telling twice is prevented where the telling is done. NotFound if there is none.
    """
    row = db.execute(_CONTEXT, {"idea_id": idea_id}).first()
    if row is None:
        raise NotFound("There is no idea here.")
    before: str = row.state
    if before == state:
        return before
    listed = is_listed(state)
    public = listed and row.visibility == "public"
    db.execute(_SET, {"the_idea": idea_id, "new_state": state, "new_listed": listed, "new_public": public})
    if more := (state == "published") - (before == "published"):
        trust.add_kept(db, "idea", idea_id, more)
    if listed != row.is_listed:
        count(db, idea_id, row.community_id, 1 if listed else -1)
    if is_found(state) != is_found(before):
        (search.show if is_found(state) else search.hide)(db, "idea", idea_id)
    if before == "held" and listed:
        outbox.add(db, "idea.posted", idea_id=idea_id)
    return before


def count(db: Connection, idea_id: int, community_id: int, by: int) -> None:
    """Add an idea to the counts of listed ideas of its community and tags (`by` = 1), or take it out (-1)."""
    count_in_community(db, community_id, by)
    db.execute(_COUNT_IN_TAGS, {"the_idea": idea_id, "change": by})


def count_in_community(db: Connection, community_id: int, by: int) -> None:
    """Add to a community's count of listed ideas."""
    db.execute(_COUNT_IN_COMMUNITY, {"the_community": community_id, "change": by})


def move(db: Connection, idea_id: int, community_id: int) -> None:
    """Put an idea into another community; votes, comments and address stay, waiting cases go along. Asks no rights."""
    row = db.execute(_CONTEXT, {"idea_id": idea_id}).first()
    if row is None:
        raise NotFound("There is no idea here.")
    if row.community_id == community_id:
        return
    visibility = db.execute(_VISIBILITY, {"the_community": community_id}).scalar_one()
    # Both counts in the order of ids: two moves in opposite directions never wait for each other.
    if row.is_listed:
        for place_id, by in sorted([(row.community_id, -1), (community_id, 1)]):
            count_in_community(db, place_id, by)
    where = {"the_idea": idea_id, "new_community": community_id}
    db.execute(_SET_COMMUNITY, {**where, "new_public": row.is_listed and visibility == "public"})
    db.execute(_MOVE_CASES, where)
    search.moved(db, idea_id)


def change_many(db: Connection, idea_ids: Collection[int], state: str) -> dict[int, str]:
    """Put many ideas into one state, whoever asks: what `change` does for one, in a few statements for all.

    Returns the state before of each idea that there is. Their rows stay locked until the commit.
    """
    rows = db.execute(_CONTEXTS, {"ids": sorted(idea_ids)}).all() if idea_ids else []
    changed = [row for row in rows if row.state != state]
    listed = is_listed(state)
    for public in (False, True):
        ids = [row.id for row in changed if (listed and row.visibility == "public") == public]
        if ids:
            db.execute(_SET_MANY, {"ids": ids, "new_state": state, "new_listed": listed, "new_public": public})
    kept = Counter[int]()
    for row in changed:
        kept[row.author_id] += (state == "published") - (row.state == "published")
    trust.add_kept_many(db, kept)
    turned = [row for row in changed if row.is_listed != listed]
    _count_many(db, [row.id for row in turned], Counter(row.community_id for row in turned), 1 if listed else -1)
    found = [row.id for row in changed if is_found(row.state) != is_found(state)]
    (search.show_many if is_found(state) else search.hide_many)(db, "idea", found)
    if listed:
        outbox.add_many(db, "idea.posted", [{"idea_id": row.id} for row in changed if row.state == "held"])
    return {row.id: row.state for row in rows}


def _count_many(db: Connection, idea_ids: list[int], communities: Counter[int], by: int) -> None:
    """Add to, or take from, the counts of listed ideas of communities and tags, always in the order of their ids."""
    for community_id, ideas in sorted(communities.items()):
        count_in_community(db, community_id, by * ideas)
    tags = db.execute(_TAGS_OF_MANY, {"ids": idea_ids}).all() if idea_ids else []
    if tags:
        db.execute(_COUNT_IN_TAG, [{"the_tag": tag.tag_id, "change": by * tag.ideas} for tag in tags])
