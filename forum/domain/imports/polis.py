"""Conversations exported by Polis: statements become ideas, and every vote is one of a person who is only a number."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from forum.clock import EPOCH
from forum.domain.imports.ideas import PLACE, STAGE, STANDING
from forum.domain.imports.rows import CommentRow, IdeaRow, PlaceKey, Ruling, VoteRow, digest
from forum.domain.imports.tables import BadRow, Lines, Progress, Row, Table, Unreadable
from forum.text import excerpt, tidy, tidy_line

NAME = "polis"
COMMENTS, VOTES, SUMMARY = "comments.csv", "votes.csv", "summary.csv"
COLUMNS = ("timestamp", "datetime", "comment-id", "author-id", "agrees", "disagrees", "moderated", "comment-body")
VOTE_COLUMNS = ("timestamp", "datetime", "comment-id", "voter-id", "vote")
LONGEST_TITLE = 120
"""Characters of a statement that is a title as it stands; of a longer one the title is the beginning."""

SHORT_BY = 0.01
"""Share of the votes that comments.csv counts which may be missing from votes.csv: the two are not written at once."""

_STAGES = {"1": "accepted", "0": "not moderated", "-1": "moderated out"}
_FACTS = "The moderators of the conversation took it out. The export does not say why."
_HEAD = re.compile(r"(\d{1,16}),([^,\n]*),(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9}),(-?\d),")
_MILLISECOND = timedelta(milliseconds=1)


class Files:
    """The folder of one conversation. Its ideas go into the community `place`, which must be there."""

    def __init__(self, folder: Path, place: str) -> None:
        self._comments, self._summary, self._place = folder / COMMENTS, folder / SUMMARY, PlaceKey(place)
        self._votes = Table(folder / VOTES, VOTE_COLUMNS, VOTE_COLUMNS)
        self._said = _summary(self._summary)
        self.key = tidy_line(self._said.get("url", "")).rstrip("/").rpartition("/")[2] or folder.resolve().name
        self.name = f"{NAME}:{self.key}"  # numbers of statements and people mean something within a conversation only
        self._tallies: dict[str, tuple[int, int]] = {}
        self._over_lines = self._unquoted = 0
        self._turned = False  # the file says -1 for a vote for, as Polis keeps it inside

    def size(self) -> int:
        """Bytes of both files, comments and votes."""
        return sum(path.stat().st_size for path in (self._comments, self._votes.path))

    def check(self, progress: Progress | None = None) -> None:
        """Read both files to their end and compare their counts. Raises Unreadable and OSError."""
        count = sum(1 for _ in self.ideas(progress))
        expected = self._said.get("comments", "")
        if expected.isdigit() and int(expected) > count:
            reason = f"{SUMMARY} counts {expected} statements, and {count} are here. The file may be cut off."
            raise Unreadable(COMMENTS, count + 1, reason)
        events: Counter[tuple[str, str]] = Counter()
        line = 1
        for row in self._votes.rows(progress):
            line = row.line
            if isinstance(row, Row):
                events[row.get("comment-id"), row.get("vote")] += 1
        self._compare(events, line)

    def _compare(self, events: Counter[tuple[str, str]], last_line: int) -> None:
        """Which sign is a vote for? The tallies of comments.csv count every vote of votes.csv, changed ones too."""
        straight = sum(abs(events[key, "1"] - up) + abs(events[key, "-1"] - down) for key, (up, down) in self._told())
        turned = sum(abs(events[key, "-1"] - up) + abs(events[key, "1"] - down) for key, (up, down) in self._told())
        self._turned = turned < straight
        signs = ("-1", "1") if self._turned else ("1", "-1")
        told = sum(up + down for _, (up, down) in self._told())
        short = sum(
            max(0, counted - events[key, sign])
            for key, tally in self._told()
            for sign, counted in zip(signs, tally, strict=True)
        )
        if short > SHORT_BY * told:
            reason = f"{COMMENTS} counts {told:,} votes, and {short:,} of them are not here. The file may be cut off."
            raise Unreadable(VOTES, last_line, reason)

    def _told(self) -> Iterator[tuple[str, tuple[int, int]]]:
        return iter(self._tallies.items())

    def shown(self, person: str) -> str:
        """The name that pages show for a person of this source."""
        return f"Participant {person}"

    def ideas(self, progress: Progress | None = None) -> Iterator[IdeaRow | BadRow]:
        """The statements in the order of the file."""
        self._tallies.clear()
        self._over_lines = self._unquoted = 0
        for line, cells, body in self._statements(progress):
            yield self._idea(line, cells, body)

    def comments(self, progress: Progress | None = None) -> Iterator[CommentRow | BadRow]:
        """None: in Polis people vote on statements and do not answer them."""
        yield from ()

    def votes(self, progress: Progress | None = None) -> Iterator[VoteRow | BadRow]:
        """Every vote ever cast, changed ones too, in the order of the file."""
        for row in self._votes.rows(progress):
            yield row if isinstance(row, BadRow) else self._vote(row)

    def notes(self) -> list[str]:
        """How statements were written, and what the signs of votes mean."""
        notes = []
        if self._over_lines:
            notes.append(
                f"Statements over several lines without quotation marks: {self._over_lines}. We kept them whole."
            )
        if self._unquoted:
            notes.append(f"Statements with commas and without quotation marks: {self._unquoted}. We kept them whole.")
        if self._turned:
            notes.append(
                "In this file -1 stands for agreement, as the tallies of the statements show. We turned the signs."
            )
        return notes

    def unknown_columns(self) -> dict[str, list[str]]:
        """None: a file with other columns is refused."""
        return {VOTES: self._votes.unknown} if self._votes.unknown else {}

    def _statements(self, progress: Progress | None) -> Iterator[tuple[int, re.Match[str], str]]:
        """Line, figures and text of each statement. Texts may stand there without the quotation marks they need."""
        with self._comments.open("rb") as file:
            lines = Lines(COMMENTS, file, progress)
            _header(next(lines, None))
            begun: tuple[int, re.Match[str]] | None = None
            body = ""
            for text in lines:
                found = _HEAD.match(text)
                if found:
                    if begun:
                        yield *begun, self._unwrapped(body)
                    begun, body = (lines.number, found), text[found.end() :]
                elif begun:
                    body += text
                elif text.strip():
                    raise Unreadable(COMMENTS, lines.number, "The row does not begin with the figures of a statement.")
            if begun and _is_open(body):
                raise Unreadable(
                    COMMENTS, begun[0], "A quotation mark opens here and none closes. The file may be cut off."
                )
            if begun and lines.is_cut_off and not body.endswith('"'):
                raise Unreadable(COMMENTS, lines.number, "The file ends in the middle of this row.")
            if begun:
                yield *begun, self._unwrapped(body)

    def _unwrapped(self, body: str) -> str:
        body = body.strip()
        if body.startswith('"') and body.endswith('"') and len(body) > 1:
            return body[1:-1].replace('""', '"')
        self._over_lines += "\n" in body
        self._unquoted += "," in body
        return body

    def _idea(self, line: int, cells: re.Match[str], body: str) -> IdeaRow | BadRow:
        stamp, _, number, author, up, down, moderated = cells.groups()
        statement, created_at = tidy(body).strip(), _moment(stamp)
        if created_at is None:
            return BadRow(COMMENTS, line, f"The time {stamp!r} is not one in milliseconds since 1970.")
        if not statement:
            return BadRow(COMMENTS, line, f"Statement {number} has no text.")
        if moderated not in _STAGES:
            return BadRow(COMMENTS, line, f"{moderated!r} is no state of moderation: 1, 0 or -1.")
        self._tallies[number] = (int(up), int(down))
        is_gone, whole = moderated == "-1", tidy_line(statement)
        is_short = whole == statement and len(whole) <= LONGEST_TITLE
        standing = "removed" if is_gone else "published"
        return IdeaRow(
            file=COMMENTS,
            line=line,
            source_id=number,
            number=number,
            title=whole if len(whole) <= LONGEST_TITLE else excerpt(whole, LONGEST_TITLE),
            body="" if is_short else statement,
            author=author,
            place=self._place,
            tags=(),
            up=0,
            down=0,
            created_at=created_at,
            status="open",
            stage=_STAGES[moderated],
            url=self._said.get("url", ""),
            is_private=False,
            hash=digest([stamp, author, moderated, body, self._place.name]),
            data={PLACE: self._place.name, STAGE: _STAGES[moderated], STANDING: standing},
            standing=standing,
            ruling=Ruling("remove", "other", _FACTS, created_at) if is_gone else None,
        )

    def _vote(self, row: Row) -> VoteRow | BadRow:
        stamp, statement, voter, vote = (row.get(name) for name in ("timestamp", "comment-id", "voter-id", "vote"))
        created_at = _moment(stamp)
        if created_at is None:
            return row.bad(f"The time {stamp!r} is not one in milliseconds since 1970.")
        if not (statement.isdecimal() and voter.isdecimal()):
            return row.bad("The vote names no statement or no voter by number.")
        if vote not in ("1", "0", "-1"):
            return row.bad(f"The vote {vote!r} is not 1, 0 or -1.")
        value = -int(vote) if self._turned else int(vote)
        return VoteRow(row.file, row.line, statement, voter, value, created_at)


def _summary(path: Path) -> dict[str, str]:
    """What summary.csv says, name → value; empty without the file. A text without quotation marks is kept whole."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        try:
            return {row[0]: ",".join(row[1:]) for row in csv.reader(Lines(path.name, file, None)) if row}
        except csv.Error as error:
            raise Unreadable(path.name, 1, f"This is no summary of a conversation ({error}).") from None


def _header(line: str | None) -> None:
    columns = tuple(name.strip().strip('"').casefold() for name in (line or "").split(","))
    if not (line or "").strip():
        raise Unreadable(COMMENTS, 1, "The file is empty.")
    if columns != COLUMNS:
        raise Unreadable(COMMENTS, 1, f"The columns must be: {', '.join(COLUMNS)}.")


def _is_open(body: str) -> bool:
    """Does a quotation mark open this text and none close it?"""
    return body.startswith('"') and body.count('"') % 2 == 1


def _moment(stamp: str) -> datetime | None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 14):
        return None
    return EPOCH + int(stamp) * _MILLISECOND
