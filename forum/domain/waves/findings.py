"""Findings: what the watch found becomes waves, or joins waves that there are; each wave is one case."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect, insert, insert_once
from forum.domain import bulks, cases, decisions, dockets, holds, selected
from forum.domain.bulks import Deed, Ground
from forum.domain.search.selections import ByIds, among
from forum.domain.selected import Key
from forum.domain.waves import posts, prints, signals
from forum.domain.waves.groups import SHARED, Group
from forum.domain.waves.posts import SHOWN
from forum.models import Case, Comment, Idea, SearchTerm, User, Wave, WaveMember, WavePrint, WaveTurn
from forum.text import excerpt

TITLE_WORDS = 3
_FACTS = "Many posts that say nearly the same came from new accounts within a short time."

_TAKE_TURN = (
    sa.update(WaveTurn)
    .where(WaveTurn.id == 1)
    .values(turn=WaveTurn.turn + 1, looked_at=sa.bindparam("moment"))
    .returning(WaveTurn.turn)
)
_LOOKED_AT = (
    sa.update(WavePrint)
    .where(WavePrint.id.in_(sa.bindparam("ids", expanding=True)), WavePrint.is_new)
    .values(is_new=False)
    .returning(WavePrint.id)
)
_POSTS = ByIds(
    sa.select(
        WavePrint.id,
        WavePrint.is_fresh,
        WavePrint.is_held,
        WavePrint.created_at,
        Idea.id.label("post_id"),
        Idea.author_id,
        Idea.community_id,
        Idea.state,
        Idea.title,
    )
    .join_from(WavePrint, Idea, sa.and_(WavePrint.subject_kind == "idea", Idea.id == WavePrint.subject_id))
    .where(among(Idea.state, SHOWN)),
    WavePrint.id,
)
_COMMENTS = ByIds(
    sa.select(
        Comment.id,
        (User.trust_level == 0).label("is_fresh"),
        sa.false().label("is_held"),
        Comment.created_at,
        Comment.id.label("post_id"),
        Comment.author_id,
        Idea.community_id,
        Comment.state,
        sa.func.substr(Comment.body, 1, 200).label("title"),
    )
    .join_from(Comment, Idea, Idea.id == Comment.idea_id)
    .join(User, User.id == Comment.author_id)
    .where(among(Comment.state, SHOWN)),
    Comment.id,
)
_READ = {"idea": _POSTS, "comment": _COMMENTS}
_KNOWN = ByIds(
    sa.select(WaveMember.wave_id, WaveMember.subject_id, Wave.state, Wave.flood_by_id, Wave.member_count)
    .join_from(WaveMember, Wave, Wave.id == WaveMember.wave_id)
    .where(WaveMember.subject_kind == sa.bindparam("kind")),
    WaveMember.subject_id,
)
_MEMBERS = {
    "idea": sa.select(WaveMember.subject_id, Idea.author_id, Idea.community_id, WaveMember.is_waiting)
    .join_from(WaveMember, Idea, Idea.id == WaveMember.subject_id)
    .where(WaveMember.wave_id == sa.bindparam("wave")),
    "comment": sa.select(WaveMember.subject_id, Comment.author_id, Idea.community_id, WaveMember.is_waiting)
    .join_from(WaveMember, Comment, Comment.id == WaveMember.subject_id)
    .join(Idea, Idea.id == Comment.idea_id)
    .where(WaveMember.wave_id == sa.bindparam("wave")),
}
_JOIN = PerDialect(lambda insert_: insert_(WaveMember).on_conflict_do_nothing().returning(WaveMember.subject_id))
_WAVE = sa.select(*Wave.__table__.columns).where(Wave.id == sa.bindparam("wave"))
_UPDATE = (
    sa.update(Wave)
    .where(Wave.id == sa.bindparam("the_wave"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in (
                "title",
                "community_id",
                "author_id",
                "strength",
                "signals",
                "words",
                "member_count",
                "updated_at",
            )
        }
    )
)
_CASE = sa.select(Case.id).where(
    Case.kind == "wave", Case.subject_kind == "wave", Case.subject_id == sa.bindparam("wave"), Case.is_open
)
_UPDATE_CASE = (
    sa.update(Case)
    .where(Case.id == sa.bindparam("the_case"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("community_id", "author_id", "details")})
)
_WORD = sa.select(SearchTerm.term, SearchTerm.word).where(SearchTerm.term.in_(sa.bindparam("stems", expanding=True)))


def settle(db: Connection, new_ids: Sequence[int], found: Sequence[Group]) -> list[int]:
    """Mark new prints as looked at and write down what was found; the ids of the waves that were opened or grew.

    Workers take turns here. Who finds that another one has looked at these prints does nothing.
    """
    moment = now()
    insert_once(db, WaveTurn, id=1, turn=0, looked_at=moment)
    db.execute(_TAKE_TURN, {"moment": moment})
    if not db.execute(_LOOKED_AT, {"ids": list(new_ids)}).all():
        return []
    return write_down(db, "idea", found, moment)


def write_down(db: Connection, kind: str, found: Sequence[Group], moment: datetime) -> list[int]:
    """Open waves of these groups, or add to those that there are; their ids. `kind`: what the posts are.

    The ids of a group are those of prints; of comments, which have none, their own.
    """
    changed = (_settle(db, kind, group, moment) for group in found)
    return [wave_id for wave_id in changed if wave_id is not None]


def _settle(db: Connection, kind: str, group: Group, moment: datetime) -> int | None:
    rows = {row.post_id: row for row in _READ[kind].rows(db, group.ids)}
    known = [row for row in _KNOWN.rows(db, rows, kind=kind) if (row.flood_by_id is None) == (group.flood_by is None)]
    dismissed = {row.subject_id for row in known if row.state == "dismissed"}
    if len(dismissed) >= SHARED * len(rows):  # a moderator has said what these are
        return None
    fresh_ids = [post_id for post_id in rows if post_id not in dismissed]
    wave_id = _wave_of(group, [row for row in known if row.state != "dismissed"], len(rows))
    if wave_id is None:
        if group.strength < signals.RAISE or len(fresh_ids) < signals.LEAST:
            return None
        wave_id = _open(db, kind, group, rows, moment)
    joined = _join(db, wave_id, kind, fresh_ids, rows, moment)
    wave = db.execute(_WAVE, {"wave": wave_id}).one()
    since = moment - prints.DAY
    _hold(db, wave_id, [(kind, one) for one in joined if _is_to_hold(group, wave.state, rows[one], since)])
    absorb(db, [(kind, one) for one, row in rows.items() if row.state == "held"])
    _update(db, wave, group, [row.title for row in rows.values()], moment)
    return wave_id


def _wave_of(group: Group, known: Sequence[Any], size: int) -> int | None:
    """The wave that this group belongs to: its author's, or the one with which it shares most."""
    if group.flood_by is not None:
        return next((int(row.wave_id) for row in known if row.flood_by_id == group.flood_by), None)
    shared = Counter(row.wave_id for row in known)
    sizes = {row.wave_id: row.member_count for row in known}
    for wave_id, times in shared.most_common(1):
        if times >= SHARED * min(size, sizes[wave_id]):
            return int(wave_id)
    return None


def _open(db: Connection, kind: str, group: Group, rows: Mapping[int, Any], moment: datetime) -> int:
    first = next(iter(rows.values()))
    return insert(
        db,
        Wave,
        title="",
        subject_kind=kind,
        community_id=first.community_id,
        author_id=first.author_id,
        flood_by_id=group.flood_by,
        strength=group.strength,
        signals=[],
        words=[],
        state="open",
        member_count=0,
        found_at=moment,
        updated_at=moment,
    )


def _join(
    db: Connection, wave_id: int, kind: str, post_ids: Collection[int], rows: Mapping[int, Any], moment: datetime
) -> list[int]:
    """Put posts into the wave; those that were not in it."""
    new = [
        {
            "wave_id": wave_id,
            "subject_kind": kind,
            "subject_id": post_id,
            "added_at": moment,
            "is_waiting": rows[post_id].state != "off-topic",
            "is_held_here": bool(rows[post_id].is_held) and rows[post_id].state == "held",
            "act_id": None,
        }
        for post_id in sorted(post_ids)
    ]
    return [int(row.subject_id) for row in db.execute(_JOIN(db), new)] if new else []


def _is_to_hold(group: Group, wave_state: str, row: Any, since: datetime) -> bool:
    """Does a published member wait from now on? If it repeats others, or joins a wave on the track.

    Only what came lately, and from a fresh account: what has stood for a day stands until a moderator says otherwise.
    """
    is_suspect = row.id in group.copies or wave_state == "on-track"
    return bool(is_suspect and row.state == "published" and row.is_fresh and row.created_at > since)


def _hold(db: Connection, wave_id: int, keys: Sequence[Key]) -> None:
    """Hold posts until a moderator has looked at their wave; each author is told, with a decision that can be read."""
    known = bulks.kept(db, keys)  # no program takes back what a person kept
    loaded = selected.load(db, [key for key in keys if key not in known])
    if not loaded:
        return
    members = sa.update(WaveMember).where(
        WaveMember.wave_id == wave_id, WaveMember.subject_id.in_([post.id for post in loaded])
    )
    db.execute(members.values(is_held_here=True))
    to_hold = [post for post in loaded if post.state == "published"]
    deed = Deed(None, "hold", decisions.new_act(), reason="spam")
    held, why = {post.key: "held" for post in to_hold}, {post.key: Ground(_FACTS) for post in to_hold}
    bulks.tell_authors(db, to_hold, bulks.decide(db, deed, to_hold, held, why))


def absorb(db: Connection, held: Collection[Key]) -> None:
    """Held members wait within the wave: their own cases end without a decision, so that a wave is one case."""
    dockets.close(db, [row.id for row in dockets.open_about(db, held, holds.KINDS)])


def _update(db: Connection, wave: Any, group: Group, titles: Sequence[str], moment: datetime) -> None:
    members = db.execute(_MEMBERS[wave.subject_kind], {"wave": wave.id}).all()
    community_id = Counter(row.community_id for row in members).most_common(1)[0][0]
    author_id = Counter(row.author_id for row in members).most_common(1)[0][0]
    is_stronger = group.strength >= wave.strength or not wave.signals
    words = list(dict.fromkeys([*(group.words if is_stronger else wave.words), *wave.words]))[:40]
    values: dict[str, Any] = {
        "title": wave.title,
        "community_id": community_id,
        "author_id": author_id,
        "strength": max(group.strength, wave.strength),
        "signals": [signal.row() for signal in group.signals] if is_stronger else wave.signals,
        "words": words,
        "member_count": len(members),
        "updated_at": moment,
    }
    if is_stronger or not wave.title:
        values["title"] = (
            _title(db, group, words, titles) if wave.subject_kind == "idea" else f"Repeated comment: {_often(titles)}"
        )
    db.execute(_UPDATE, {"the_wave": wave.id, **{f"new_{name}": value for name, value in values.items()}})
    if wave.state == "open" or any(row.is_waiting for row in members):
        keep_case(db, wave.id, values)


def _title(db: Connection, group: Group, words: Sequence[str], titles: Sequence[str]) -> str:
    """What the wave is called: by the title that most posts have, by its words, or by what it is."""
    if group.flood_by is not None:
        return "Many posts by one person"
    if len(group.copies) >= len(group.ids) / 2 and titles:
        return f"Repeated text: {Counter(titles).most_common(1)[0][0]}"
    stems = list(words[:TITLE_WORDS])
    known = {row.term: row.word for row in db.execute(_WORD, {"stems": stems})} if stems else {}
    known |= posts.spoken(stems, titles)
    return ", ".join(known.get(stem, stem) for stem in stems).capitalize()


def _often(texts: Sequence[str]) -> str:
    """How most of these comments begin."""
    [(text, _)] = Counter(excerpt(one, 60) for one in texts).most_common(1) or [("", 0)]
    return text


def keep_case(db: Connection, wave_id: int, values: Mapping[str, Any]) -> int:
    """The open case of a wave, opened if there is none and brought up to date. Its id."""
    moment = now()
    details = {"title": values["title"], "members": values["member_count"], "strength": round(values["strength"], 2)}
    insert_once(
        db,
        Case,
        kind="wave",
        subject_kind="wave",
        subject_id=wave_id,
        community_id=values["community_id"],
        author_id=values["author_id"],
        is_open=True,
        report_count=0,
        opened_at=moment,
        due_at=cases.whole_hour(cases.due_after(moment)),
        details=details,
    )
    case_id = int(db.execute(_CASE, {"wave": wave_id}).scalar_one())
    about = {"new_community_id": values["community_id"], "new_author_id": values["author_id"], "new_details": details}
    db.execute(_UPDATE_CASE, {"the_case": case_id, **about})
    return case_id


def join_held(db: Connection, wave_id: int, idea_id: int, *, is_held_here: bool) -> None:
    """Put a new idea that waits into the wave that it repeats: it needs no case of its own.

    `is_held_here`: it waits only for what it repeats, and not because its community checks every post.
    """
    wave = db.execute(_WAVE, {"wave": wave_id}).one()
    moment = now()
    values = {"added_at": moment, "is_waiting": True, "is_held_here": is_held_here, "act_id": None}
    db.execute(_JOIN(db), [{"wave_id": wave_id, "subject_kind": "idea", "subject_id": idea_id, **values}])
    absorb(db, [("idea", idea_id)])
    if wave.state != "open":
        keep_case(db, wave_id, dict(wave._mapping))
