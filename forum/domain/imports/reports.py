"""What a run of an importer did, or would do: figures, and every row that was not taken."""

from collections import Counter
from dataclasses import dataclass, field

from forum.domain.imports.tables import BadRow

MOST_BAD = 1000
"""Bad rows that are kept to be told one by one; the rest is only counted."""


@dataclass(slots=True)
class Tally:
    """What became of the rows of one kind."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    missing: int = 0  # imported before and no longer in the file; they stay

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.skipped


@dataclass(slots=True)
class Ballots:
    """What became of single votes. `votes` counts the last of each person on each idea: the tally of its rows."""

    votes: Tally = field(default_factory=Tally)
    rows: int = 0  # in the file, votes that were changed later included
    up: int = 0  # that count
    down: int = 0
    passed: int = 0
    homeless: int = 0  # on ideas that are not there

    def line(self, is_dry: bool) -> str:
        """What became of them, in words."""
        return (
            f"Votes in the file: {self.rows:,}. The last of each person counts: {self.up:,} for, "
            f"{self.down:,} against, {self.passed:,} passed. {_told(self.votes, is_dry).partition('; ')[2]}"
        )


@dataclass(slots=True)
class Report:
    """One run. `is_dry`: nothing was written, the figures say what a run would do."""

    is_dry: bool = False
    ideas: Tally = field(default_factory=Tally)
    comments: Tally = field(default_factory=Tally)
    communities_created: int = 0
    people_created: int = 0
    votes_for: int = 0  # in all idea rows that were taken
    votes_against: int = 0
    private: int = 0
    joinless: int = 0  # comments whose idea is not there; among the skipped ones
    stages: Counter[tuple[str, str]] = field(default_factory=Counter)  # (the source's word, our status) → ideas
    unknown_columns: dict[str, list[str]] = field(default_factory=dict)
    ballots: Ballots | None = None  # where the source knows who voted how
    notes: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0

    def refuse(self, row: BadRow, tally: Tally) -> None:
        """Count a row that can't be taken, and keep it for the report."""
        tally.skipped += 1
        self.bad_count += 1
        if len(self.bad) < MOST_BAD:
            self.bad.append(row)

    def lines(self) -> list[str]:
        """The report in words, a line each."""
        made = "would be created" if self.is_dry else "created"
        votes = f"{self.votes_for:,} for, {self.votes_against:,} against"
        lines = [
            f"Ideas: {_told(self.ideas, self.is_dry)}",
            f"Comments: {_told(self.comments, self.is_dry)}",
            self.ballots.line(self.is_dry)
            if self.ballots
            else f"Votes in the file: {votes}. They count as imported totals.",
            f"Communities {made}: {self.communities_created:,}. People {made}: {self.people_created:,}.",
        ]
        if self.stages:
            stages = (
                f"{stage or 'none'} ({count:,}) as {status}" for (stage, status), count in self.stages.most_common()
            )
            lines.append(f"Stages: {', '.join(stages)}.")
        lines += [
            f"Columns of {file} that have no place here, kept with each idea: {', '.join(columns)}."
            for file, columns in self.unknown_columns.items()
        ]
        if self.private:
            lines.append(f"Private ideas: {self.private:,}. They are held: only moderators see them.")
        if self.joinless:
            lines.append(f"Comments that belong to no idea here: {self.joinless:,}. They were left out.")
        if self.ballots and self.ballots.homeless:
            lines.append(f"Votes on ideas that are not here: {self.ballots.homeless:,}. They were left out.")
        for name, tally in (("ideas", self.ideas), ("comments", self.comments)):
            if tally.missing:
                lines.append(f"No longer in the file: {tally.missing:,} {name}. They stay as they are.")
        return lines + self.notes + self.bad_lines()

    def bad_lines(self) -> list[str]:
        """The rows that were not taken, each with file, line and reason."""
        if not self.bad_count:
            return []
        rest = self.bad_count - len(self.bad)
        more = [f"  and {rest:,} more"] if rest else []
        return [f"Rows left out: {self.bad_count:,}", *(f"  {row}" for row in self.bad), *more]


def _told(tally: Tally, is_dry: bool) -> str:
    would = "would be " if is_dry else ""
    return (
        f"{tally.rows:,} rows; {tally.created:,} {would}created, {tally.updated:,} {would}updated, "
        f"{tally.unchanged:,} unchanged, {tally.skipped:,} left out."
    )
