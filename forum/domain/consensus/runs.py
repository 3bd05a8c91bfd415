"""Runs: when a new one is due, one at a time, how far it is, and what the last one found."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forum.clock import EPOCH, now
from forum.db import Connection, Database, insert_many, insert_once
from forum.domain.errors import Conflict
from forum.models import ConsensusRun, ConsensusScore, Pass, Vote
from forum.text import moment

if TYPE_CHECKING:
    from forum.domain.consensus.scores import Result

LEAST_CHANGES = 20
SHARE_OF_CHANGES = 0.01
"""A new run is due when so many votes, and so large a share of all, have changed since the last one."""

GIVEN_UP = timedelta(minutes=15)
"""A run that has said nothing for so long has died with its process."""

TELLING = 0.5
"""Seconds between two times that a run says how far it is."""

PART = 2_000
"""Scores written or deleted in one transaction: votes that come in meanwhile hardly wait."""

Progress = Callable[[int, int], None]
"""Told how many steps are done, and of how many."""

_RUN = ConsensusRun.__table__.columns
_DONE = sa.select(*_RUN).where(ConsensusRun.state == "done").order_by(ConsensusRun.id.desc()).limit(1)
_BY_ID = sa.select(*_RUN).where(ConsensusRun.id == sa.bindparam("the_run"))
_RUNNING = sa.select(*_RUN).where(ConsensusRun.is_claimed.is_(True)).limit(1)
_VOTES = sa.select(
    sa.func.count().label("here"),
    sa.func.coalesce(sa.func.sum(sa.case((Vote.created_at > sa.bindparam("since"), 1), else_=0)), 0).label("new"),
    sa.func.coalesce(sa.func.sum(sa.case((Vote.changed_at > sa.bindparam("since"), 1), else_=0)), 0).label("touched"),
).select_from(Vote)
_COUNT = sa.select(sa.select(sa.func.count()).select_from(Vote).scalar_subquery())
_AT_MOST = sa.select(sa.func.count()).select_from(sa.select(Vote.idea_id).limit(sa.bindparam("most")).subquery())
_PASSES = sa.select(sa.select(sa.func.count()).select_from(Pass).scalar_subquery())
_GIVE_UP = (
    sa.update(ConsensusRun)
    .where(ConsensusRun.is_claimed.is_(True), ConsensusRun.told_at < sa.bindparam("before"))
    .values(state="failed", is_claimed=None)
)
_TELL = (
    sa.update(ConsensusRun)
    .where(ConsensusRun.id == sa.bindparam("the_run"), ConsensusRun.is_claimed.is_(True))
    .values(step=sa.bindparam("new_step"), steps=sa.bindparam("new_steps"), told_at=sa.bindparam("told"))
)
_FAIL = (
    sa.update(ConsensusRun)
    .where(ConsensusRun.id == sa.bindparam("the_run"), ConsensusRun.is_claimed.is_(True))
    .values(state="failed", is_claimed=None)
)
_FINISHED = ("made_at", "seconds", "people", "ideas", "ranked", "votes", "votes_here", "circles")
_FINISH = (
    sa.update(ConsensusRun)
    .where(ConsensusRun.id == sa.bindparam("the_run"), ConsensusRun.is_claimed.is_(True))
    .values(
        state="done",
        is_claimed=None,
        step=ConsensusRun.steps,
        **{name: sa.bindparam(f"new_{name}") for name in _FINISHED},
    )
    .returning(ConsensusRun.id)
)
_OLD = (
    sa.select(ConsensusScore.run_id, ConsensusScore.idea_id)
    .join_from(ConsensusScore, ConsensusRun, ConsensusRun.id == ConsensusScore.run_id)
    .where(ConsensusRun.is_claimed.is_(None), ConsensusScore.run_id != sa.bindparam("kept"))
    .order_by(ConsensusScore.run_id, ConsensusScore.idea_id)
    .limit(sa.bindparam("most"))
)
_FORGET = sa.delete(ConsensusScore).where(
    ConsensusScore.run_id == sa.bindparam("the_run"), ConsensusScore.idea_id == sa.bindparam("the_idea")
)
_OF_IDEA = sa.select(ConsensusScore.score, ConsensusScore.voters, ConsensusScore.circle, ConsensusScore.camps).where(
    ConsensusScore.run_id == sa.bindparam("the_run"), ConsensusScore.idea_id == sa.bindparam("the_idea")
)


@dataclass(frozen=True, slots=True)
class Run:
    """One computation. `made_at` is None while it runs; `circles` holds sizes and mean weights of the camps of each."""

    id: int
    state: str
    version: str
    parameters: dict[str, Any]
    begun_at: datetime
    made_at: datetime | None
    seconds: float
    step: int
    steps: int
    people: int
    ideas: int
    ranked: int
    votes: int
    votes_here: int
    circles: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run found for one idea; `camps` as in ConsensusScore."""

    score: float
    voters: int
    circle: int
    camps: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Due:
    """How many votes have changed since the last run, and from how many on a new one is due."""

    changes: int
    needed: int
    votes: int  # all there are, and passes

    @property
    def is_due(self) -> bool:
        return self.changes >= self.needed


def latest(db: Connection) -> Run | None:
    """The last run that was finished; its scores are those that rankings use. None before the first one."""
    row = db.execute(_DONE).first()
    return _run(row) if row else None


def running(db: Connection) -> Run | None:
    """The run under way, if there is one and it has not died."""
    row = db.execute(_RUNNING).first()
    return _run(row) if row and row.told_at >= now() - GIVEN_UP else None


def in_words(db: Connection) -> list[str]:
    """Whose votes take part, and which run the scores are from, in plain sentences."""
    words = [
        "Votes of people who voted on 7 ideas or more take part, and so do their passes.",
        "Totals from before this forum do not count. They do not say who voted.",
        "Votes that were set aside do not count.",
    ]
    run = latest(db)
    if run is None or run.made_at is None:
        return [*words, "The scores have not been worked out yet."]
    return [
        *words,
        f"The scores are those of run {run.id}, made on {moment(run.made_at)} by version {run.version} of the method.",
        f"It used {run.votes:,} votes and passes of {run.people:,} people.",
    ]


def of_idea(db: Connection, run: Run, idea_id: int) -> Scored | None:
    """What a run found for an idea; None if it had too few voters. Only the last run's scores are kept."""
    row = db.execute(_OF_IDEA, {"the_run": run.id, "the_idea": idea_id}).first()
    return Scored(row.score, row.voters, row.circle, row.camps) if row else None


def due(db: Connection) -> Due:
    """Counts votes that are new, changed, imported or taken back since the last run; passes too. Reads every vote."""
    last = latest(db)
    row = db.execute(_VOTES, {"since": last.begun_at if last else EPOCH}).one()
    here = int(row.here) + int(db.execute(_PASSES).scalar_one())
    if last is None:
        return Due(here, LEAST_CHANGES, here)
    others = abs(here - last.votes_here - int(row.new))  # taken back, or imported with moments of long ago
    return Due(int(row.touched) + others, max(LEAST_CHANGES, round(SHARE_OF_CHANGES * last.votes_here)), here)


def has_more(db: Connection, votes: int) -> bool:
    """Are there more votes than so many? Reads no more of them than that."""
    return int(db.execute(_AT_MOST, {"most": votes + 1}).scalar_one()) > votes


def compute(database: Database, progress: Progress | None = None) -> Run:
    """Make a run: read the votes, compute, store the scores, forget those of the run before. Seconds to a minute.

    Conflict if a run is under way already. A run that fails leaves the scores of the one before.
    """
    from forum.domain.consensus import reading, scores  # numpy: only where it is needed

    begun, clock = now(), perf_counter()
    run_id = database.write(lambda db: _claim(db, begun, scores.VERSION, asdict(scores.METHOD)))

    told = clock - TELLING

    def tell(step: int, steps: int) -> None:
        nonlocal told
        if perf_counter() - told >= TELLING:
            told = perf_counter()
            values = {"the_run": run_id, "new_step": step, "new_steps": steps, "told": now()}
            database.write(lambda db: db.execute(_TELL, values))
        if progress:
            progress(step, steps)

    try:
        with database.reading() as db:
            here = int(db.execute(_COUNT).scalar_one()) + int(db.execute(_PASSES).scalar_one())
            circles = reading.circles(db)
        results: list[Result] = []
        each = scores.METHOD.rounds + 2
        steps = each * len(circles) + 2
        while circles:
            so_far = partial(_on, tell, each * len(results) + 1, steps)
            results.append(scores.score(circles.pop(0), progress=so_far))
        for rows in _parted(row for circle, result in enumerate(results) for row in _rows(run_id, circle, result)):
            database.write(partial(insert_many, table=ConsensusScore, rows=rows))
        database.write(lambda db: _finish(db, run_id, results, perf_counter() - clock, here))
    except BaseException:
        database.write(lambda db: db.execute(_FAIL, {"the_run": run_id}))
        raise
    while database.write(_forget):
        pass
    if progress:
        progress(steps, steps)
    with database.reading() as db:
        return _run(db.execute(_BY_ID, {"the_run": run_id}).one())


def _on(tell: Progress, done: int, steps: int, step: int, _: int) -> None:
    tell(done + step, steps)


def _run(row: Any) -> Run:
    return Run(**{name: getattr(row, name) for name in Run.__slots__})


def _claim(db: Connection, begun: datetime, version: str, parameters: dict[str, Any]) -> int:
    db.execute(_GIVE_UP, {"before": begun - GIVEN_UP})
    values = {"state": "running", "version": version, "parameters": parameters, "begun_at": begun, "told_at": begun}
    if not insert_once(db, ConsensusRun, is_claimed=True, **values):
        raise Conflict("A run is under way already. Please wait for it to end.")
    return int(db.execute(_RUNNING).one().id)


def _rows(run_id: int, circle: int, result: "Result") -> Iterator[dict[str, Any]]:
    """Rows of the ideas that are ranked, in the order of their ids."""
    for place in (result.score >= 0).nonzero()[0].tolist():
        camps = [
            {
                "for": int(result.camp_for[camp, place]),
                "against": int(result.camp_against[camp, place]),
                "passed": int(result.camp_passed[camp, place]),
                "weight": round(float(result.camp_weight[camp, place]), 4),
                "weight_for": round(float(result.camp_weight_for[camp, place]), 4),
                "share": round(float(result.camp_share[camp, place]), 4),
            }
            for camp in range(len(result.camp_sizes))
        ]
        yield {
            "run_id": run_id,
            "idea_id": int(result.ideas[place]),
            "circle": circle,
            "score": float(result.score[place]),
            "voters": int(result.voters[place]),
            "camps": camps,
        }


def _parted(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(rows, PART)):
        yield part


def _finish(db: Connection, run_id: int, results: list["Result"], seconds: float, here: int) -> None:
    values = {
        "made_at": now(),
        "seconds": round(seconds, 1),
        "people": sum(sum(result.camp_sizes) for result in results),
        "ideas": sum(len(result.ideas) for result in results),
        "ranked": sum(result.ranked for result in results),
        "votes": sum(result.votes for result in results),
        "votes_here": here,
        "circles": [
            {
                "sizes": list(result.camp_sizes),
                "weights": [round(weight, 4) for weight in result.camp_weights],
                "ranked": result.ranked,
            }
            for result in results
        ],
    }
    parameters = {f"new_{name}": value for name, value in values.items()}
    if db.execute(_FINISH, {"the_run": run_id, **parameters}).first() is None:
        raise Conflict("This run was given up, and another one has begun.")


def _forget(db: Connection) -> bool:
    """Delete some scores of runs before the last one; say whether there were any."""
    last = latest(db)
    rows = db.execute(_OLD, {"kept": last.id if last else 0, "most": PART}).all()
    if rows:
        db.execute(_FORGET, [{"the_run": row.run_id, "the_idea": row.idea_id} for row in rows])
    return bool(rows)
