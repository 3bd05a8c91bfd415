"""Reports: a ranking as a document, with a title page, the ranked table, and a page for each idea."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forum.domain.exports.dossiers import ALL, GROUPS, VOICES, Answer, Dossier, Voice
from forum.domain.exports.streams import read_iso
from forum.domain.formulas import Formula
from forum.domain.ideas import STATUSES
from forum.papers import (
    Block,
    Column,
    Contents,
    Facts,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Prose,
    Span,
    Table,
    Words,
)
from forum.text import date, moment

_FEW = 60  # with more ideas, the contents list the parts alone: the table leads to each idea


@dataclass(frozen=True, slots=True)
class Cover:
    """What a title page says: the method, the choice in plain sentences, the moment, the counts, the address."""

    title: str
    site: str
    formula: Formula
    sentences: Sequence[str]
    made_at: datetime
    count: int
    address: str
    facts: Sequence[tuple[str, str]] = ()
    comments: bool = True  # whether the pages show comments

    def rows(self) -> list[tuple[str, str]]:
        """The same as names and values."""
        return [
            ("Made", moment(self.made_at)),
            ("Ideas", f"{self.count:,}"),
            ("Formula", f"{self.formula.label}: {self.formula.formula}"),
            ("Address", self.address),
            *self.facts,
        ]


def report(cover: Cover, rows: Sequence[Mapping[str, Any]], dossiers: Mapping[int, Dossier]) -> Paper:
    """The document: `rows` are ranked ideas with the fields of exports; each needs a dossier."""
    blocks: list[Block] = [
        Facts("About this document", [(name, _linked(value)) for name, value in cover.rows()]),
        *(Paragraph(sentence) for sentence in cover.sentences),
        Contents(depth=2 if len(rows) <= _FEW else 1),
        PageBreak(),
        Heading(1, "How the ranking is made", "method"),
        *(Paragraph(words) for words in cover.formula.words),
        Paragraph(Span(cover.formula.formula, is_strong=True)),
        *([Facts("What the signs mean", cover.formula.where)] if cover.formula.where else []),
        *(Paragraph(words) for words in cover.formula.limits),
        Paragraph(cover.formula.source, "small"),
        Heading(1, "Ranked ideas", "ranked"),
        _table(cover, rows),
    ]
    for row in rows:
        blocks += _page(cover, row, dossiers[row["id"]])
    subtitle = (cover.site, date(cover.made_at))
    return Paper(cover.title, tuple(blocks), cover.made_at, subtitle=subtitle, author=cover.site)


def _linked(value: str) -> Words:
    return Span(value, href=value if value.startswith("http") else "")


def score(formula: Formula, value: float) -> str:
    """A score as people read it: whole numbers whole, others with four digits."""
    return f"{value:,.0f}" if formula.name == "net" else f"{value:,.4f}"


def _table(cover: Cover, rows: Sequence[Mapping[str, Any]]) -> Table:
    has_score = cover.formula.name != "net"
    columns = [
        Column("Rank", 0.6, is_number=True),
        Column("Idea", 5.0),
        Column("For", 0.7, is_number=True),
        Column("Against", 0.9, is_number=True),
        Column("Net", 0.7, is_number=True),
        *([Column("Score", 1.0, is_number=True)] if has_score else []),
        Column("Where it stands", 1.7),
    ]
    lines: list[list[Words]] = [
        [
            str(row["rank"]),
            Span(row["title"], href=f"#idea-{row['id']}"),
            f"{row['up']:,}",
            f"{row['down']:,}",
            f"{row['net']:,}",
            *([score(cover.formula, row["score"])] if has_score else []),
            STATUSES[row["status"]],
        ]
        for row in rows
    ]
    return Table(f"Ideas by {cover.formula.label.lower()}", columns, lines, head_column=1)


def _page(cover: Cover, row: Mapping[str, Any], dossier: Dossier) -> list[Block]:
    title: Words = [f"{row['rank']}. ", Span(row["title"], language=dossier.language)]
    facts: list[tuple[str, Words]] = [
        ("Reference", str(row["ref"])),
        ("Address", Span(row["url"], href=row["url"])),
        ("Community", dossier.community),
        (
            "Posted",
            f"{date(read_iso(row['created_at']))} by a {'public employee' if dossier.is_by_employee else 'citizen'}",
        ),
        *([("Edited", date(dossier.edited_at))] if dossier.edited_at else []),
        (cover.formula.label, score(cover.formula, row["score"])),
        ("Where it stands", STATUSES[row["status"]]),
        *((name, _linked(value)) for name, value in dossier.source),
    ]
    blocks: list[Block] = [PageBreak(), Heading(2, title, f"idea-{row['id']}"), Facts("About the idea", facts)]
    if dossier.gone:
        return [*blocks, Paragraph(dossier.gone)]
    blocks.append(Prose(dossier.body, language=dossier.language))
    if dossier.why:
        blocks += [Heading(3, "Why it matters"), Prose(dossier.why, language=dossier.language)]
    return [*blocks, *_votes(row, dossier), *_answers(dossier.answers), *_comments(cover, row, dossier)]


def _votes(row: Mapping[str, Any], dossier: Dossier) -> list[Block]:
    columns = (Column("Votes", 4.0), Column("For", is_number=True), Column("Against", is_number=True))
    told = [(name, up, down) for name, up, down in dossier.tallies if up or down or name == ALL]
    lines: list[list[Words]] = [[name, f"{up:,}", f"{down:,}"] for name, up, down in told]
    if (row["up"], row["down"]) != next(((up, down) for name, up, down in dossier.tallies if name == ALL), None):
        lines.insert(0, ["Counted in this ranking", f"{row['up']:,}", f"{row['down']:,}"])
    return [Heading(3, "Votes"), Table("", columns, lines)]


def _answers(answers: Sequence[Answer]) -> list[Block]:
    if not answers:
        return []
    blocks: list[Block] = [Heading(3, "What officials said")]
    for answer in answers:
        label = STATUSES.get(answer.status, answer.status)
        head = ", ".join(part for part in (label, answer.by, date(answer.created_at)) if part)
        blocks.append(Paragraph(Span(head, is_strong=True)))
        if answer.text:
            blocks.append(Prose(answer.text, is_quote=True))
    return blocks


def _comments(cover: Cover, row: Mapping[str, Any], dossier: Dossier) -> list[Block]:
    if not cover.comments:
        return []
    blocks: list[Block] = []
    for group, title in GROUPS.items():
        if voices := dossier.voices.get(group):
            blocks.append(Heading(3, title))
            for voice in voices:
                blocks += _voice(voice)
    if dossier.voices.get("supported") or dossier.voices.get("opposed"):
        blocks.append(Paragraph(_SIDES, "small"))
    if blocks:
        shown = sum(len(voices) for voices in dossier.voices.values())
        blocks.append(Paragraph(f"{shown} of {row['comment_count']:,} comments. The address has all of them.", "small"))
    return blocks


_SIDES = (
    f"A comment stands with one side by the votes of the people who agree with it, counted together. "
    f"At least {VOICES} of them voted on the idea. How one person voted is theirs alone, also the comment's author."
)


def _voice(voice: Voice) -> list[Block]:
    many = f"{voice.agree_count:,} {'person agrees' if voice.agree_count == 1 else 'people agree'}"
    who: Words = [f"{voice.by}, {date(voice.created_at)}, {many}. ", Span("Read it there", href=voice.address)]
    return [Prose(voice.text, is_quote=True), Paragraph(who, "small")]
