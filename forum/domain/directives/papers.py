"""A directive as a file: Word, PDF, Markdown and Excel, with its answers to each idea and to each comment."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forum.clock import now
from forum.db import Connection
from forum.domain import remarks
from forum.domain.directives import chosen, citing, matrices, texts, views
from forum.domain.directives.chosen import Chosen
from forum.domain.directives.citing import CitedView
from forum.domain.directives.matrices import Row
from forum.domain.directives.texts import QUESTIONS, Clause, Part, Text
from forum.domain.directives.views import DirectiveView, Edition, Step
from forum.domain.errors import NotFound
from forum.domain.exports import Origin
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.domain.remarks import Agreement, Remark
from forum.papers import (
    Block,
    Column,
    Contents,
    Facts,
    Field,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Prose,
    Sheet,
    Span,
    Table,
    Words,
    as_docx,
    as_markdown,
    as_pdf,
    save_xlsx,
)
from forum.text import date, moment, to_plain

FORMATS = ("docx", "pdf", "xlsx", "md")
DRAFT = "A draft of the policy team. It is not public."
_DOCUMENTS = {"docx": as_docx, "pdf": as_pdf, "md": as_markdown}


@dataclass(frozen=True, slots=True)
class Whole:
    """All that a file of a directive says, as one person may know it."""

    directive: DirectiveView
    text: Text
    edition: Edition | None  # None: the draft
    citations: dict[int, list[CitedView]]
    rows: list[Row]
    remarks: dict[int, list[Remark]]
    agreements: dict[int, Agreement]
    steps: list[Step]
    snapshot: Chosen | None
    origin: Origin
    made_at: datetime

    @property
    def address(self) -> str:
        return self.origin.base_url + self.directive.path

    @property
    def spoken(self) -> Iterator[tuple[Clause, Remark]]:
        """The comments that stand, by recommendation."""
        for clause in self.text.clauses():
            for remark in self.remarks.get(clause.id, ()):
                if remark.state == "published":
                    yield clause, remark


def make(db: Connection, user: Person | None, directive_id: int, name: str, origin: Origin) -> bytes:
    """A file of one of FORMATS: of the newest edition, or, for the policy team while it is in drafting, of the draft.

    NotFound for a directive that this person may not read, and for a kind that there is not.
    """
    whole = gather(db, user, views.get(db, user, directive_id), origin)
    if name == "xlsx":
        return workbook(whole)
    if name not in _DOCUMENTS:
        raise NotFound("There is no such file of this directive.")
    return _DOCUMENTS[name](paper(whole))


def gather(db: Connection, user: Person | None, directive: DirectiveView, origin: Origin) -> Whole:
    """What goes into the files."""
    is_draft = directive.stage == "drafting" and can(user, "directive.write")
    edition = None if is_draft else views.newest(db, directive)
    text = texts.now_written(db, directive.id) if edition is None else edition.text
    clauses = list(text.clauses())
    shown = citing.shown(db, [one for clause in clauses for one in clause.citations])
    listed, citations = iter(shown), {}
    for clause in clauses:
        citations[clause.id] = [next(listed) for _ in clause.citations]
    return Whole(
        directive,
        text,
        edition,
        citations,
        matrices.rows(db, user if is_draft else None, directive, text),
        remarks.of(db, None, directive.id),
        remarks.agreements(db, None, {clause.id: clause.version for clause in clauses}),
        views.steps(db, user if is_draft else None, directive),
        chosen.chosen(db, directive.snapshot_id),
        origin,
        now(),
    )


def paper(whole: Whole) -> Paper:
    """The document: title page, contents, parts with their recommendations, answers to ideas and to comments."""
    blocks: list[Block] = [Facts("About this directive", _about(whole))]
    if whole.edition is None:
        blocks.append(Paragraph(Span(DRAFT, is_strong=True), "lead"))
    if whole.text.introduction:
        blocks.append(Prose(to_plain(whole.text.introduction)))
    blocks += [Contents(depth=2), PageBreak()]
    for part in whole.text.parts:
        blocks += _part(whole, part)
    blocks += [*_ideas(whole), *_comments(whole), *_history(whole)]
    subtitle = (whole.origin.site, whole.directive.label)
    return Paper(whole.text.title, tuple(blocks), whole.made_at, subtitle=subtitle, author=whole.origin.site)


def _about(whole: Whole) -> list[tuple[str, Words]]:
    directive, edition = whole.directive, whole.edition
    facts: list[tuple[str, Words]] = [("Stage", directive.label)]
    if directive.number:
        facts.append(("Number", f"Directive No. {directive.number}"))
    if directive.takes_comments and directive.last_day:
        facts.append(("Last day for comments", date(directive.last_day)))
    if edition is not None:
        facts.append(("Edition", f"{edition.number}, of {moment(edition.published_at)}"))
        facts.append(("Fingerprint of the words (SHA-256)", edition.digest))
        facts.append(("Address", Span(whole.address, href=whole.address)))
    if whole.snapshot is not None:
        address = whole.origin.base_url + whole.snapshot.path
        facts.append(("Answers", Span(whole.snapshot.label, href=address)))
    facts.append(("This file was made", moment(whole.made_at)))
    return facts


def _part(whole: Whole, part: Part) -> Iterator[Block]:
    yield Heading(1, f"{part.label} {part.title}", f"part-{part.id}")
    if part.introduction:
        yield Prose(to_plain(part.introduction))
    for clause in part.clauses:
        yield Heading(2, f"{clause.label} {clause.title}", f"recommendation-{clause.id}")
        rows = [(ask[0], getattr(clause, name) or "Not written yet.") for name, ask in QUESTIONS.items()]
        yield Facts(f"Recommendation {clause.label}", rows)
        words: list[str | Span] = []
        if cited := whole.citations[clause.id]:
            words = ["Rests on ", *_references(whole, cited), "."]
        agreeing = whole.agreements[clause.id].people
        if whole.edition is not None and agreeing:
            words.append(f"{' ' if words else ''}{agreeing} {'person agrees' if agreeing == 1 else 'people agree'}.")
        if words:
            yield Paragraph(words)


def _references(whole: Whole, cited: Sequence[CitedView]) -> Iterator[str | Span]:
    """The numbers of the ideas, with a footnote each that says what it is."""
    for place, one in enumerate(cited):
        address = f"{whole.origin.base_url}/{one.key.replace(':', 's/')}"  # short: it leads on to the whole one
        note = f"{one.idea.ref}: {one.idea.title}"
        if one.idea.path:
            note += f" ({one.idea.up:,} for, {one.idea.down:,} against)"
        note += f". {one.note}" if one.note else ""
        note = note.rstrip(".") + (f". {address}" if one.idea.path else ".")
        if place:
            yield ", "
        yield Span(one.idea.ref, href=address if one.idea.path else "", note=note)


def _ideas(whole: Whole) -> list[Block]:
    blocks: list[Block] = [PageBreak(), Heading(1, "What becomes of the ideas", "ideas")]
    answered = [row for row in whole.rows if row.outcome]
    if not answered:
        return [*blocks, Paragraph("Nothing is published yet.")]
    has_ranks = any(row.rank for row in answered)
    columns = [
        *([Column("Rank", 0.6, is_number=True)] if has_ranks else []),
        Column("Idea", 3.0),
        Column("Outcome", 1.2),
        Column("Why", 3.6),
        Column("Cited in", 0.9),
    ]
    lines: list[list[Words]] = [
        [
            *([str(row.rank or "")] if has_ranks else []),
            [
                Span(f"{row.ref} ", href=""),
                Span(row.title, href=whole.origin.base_url + row.path if row.path else ""),
            ],
            row.label,
            row.reason,
            ", ".join(label for _, label in row.labels) or "Nowhere",
        ]
        for row in answered
    ]
    table = Table("Each idea with its outcome and the reason", columns, lines, head_column=int(has_ranks))
    return [*blocks, Paragraph("What this directive makes of each idea, and why."), table]


def _comments(whole: Whole) -> list[Block]:
    spoken = list(whole.spoken)
    if not spoken:
        return []
    lines: list[list[Words]] = [
        [
            Span(clause.label, href=f"#recommendation-{clause.id}"),
            remark.author_name,
            remark.body,
            remark.answer or "No answer yet.",
        ]
        for clause, remark in spoken
    ]
    columns = [Column("On", 0.6), Column("By", 1.2), Column("Comment", 3.6), Column("Answer", 3.6)]
    return [
        Heading(1, "What people said, and our answers", "comments"),
        Table("Comments on the recommendations, with answers", columns, lines, head_column=0),
    ]


def _history(whole: Whole) -> list[Block]:
    if not whole.steps:
        return []
    lines: list[list[Words]] = [[date(step.created_at), step.label, step.reason] for step in whole.steps]
    columns = [Column("Date", 1.2), Column("Step", 2.0), Column("Reason", 4.0)]
    return [Heading(1, "How it came about", "steps"), Table("Steps of this directive", columns, lines, head_column=1)]


def workbook(whole: Whole) -> bytes:
    """The spreadsheet: recommendations, ideas with what becomes of them, comments with answers, and about."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "directive.xlsx"
        save_xlsx(path, list(_sheets(whole)), title=whole.text.title, made_at=whole.made_at, author=whole.origin.site)
        return path.read_bytes()


def _sheets(whole: Whole) -> Iterator[Sheet]:
    names = [ask[0] for ask in QUESTIONS.values()]
    fields = [Field("Number", 8), Field("Part", 24, wraps=True), Field("Title", 32, wraps=True)]
    fields += [Field(name, 40, wraps=True) for name in names]
    fields += [Field("Rests on", 20, wraps=True), Field("People who agree", 10)]
    yield Sheet("Recommendations", fields, list(_clause_rows(whole)))
    columns = ("Rank", "Reference", "Idea", "For", "Against", "Outcome", "Reason", "Cited in", "Published", "Address")
    widths = (6, 10, 48, 8, 8, 18, 60, 12, 18, 40)
    fields = [Field(name, width, wraps=width > 40) for name, width in zip(columns, widths, strict=True)]
    yield Sheet("Ideas", fields, list(_idea_rows(whole)))
    fields = [Field("Recommendation", 14), Field("By", 20), Field("When", 18)]
    fields += [Field("Comment", 60, wraps=True), Field("Answer", 60, wraps=True)]
    said = [[one.label, it.author_name, it.created_at, it.body, it.answer] for one, it in whole.spoken]
    yield Sheet("Comments", fields, said)
    about = [["Title", whole.text.title], *([name, _plain(value)] for name, value in _about(whole))]
    if whole.edition is None:
        about.append(["Note", DRAFT])
    yield Sheet("About", [Field("What", 30), Field("Value", 90, wraps=True)], about)


def _clause_rows(whole: Whole) -> Iterator[Sequence[Any]]:
    for part in whole.text.parts:
        for clause in part.clauses:
            cited = ", ".join(one.idea.ref for one in whole.citations[clause.id])
            answers = [getattr(clause, name) for name in QUESTIONS]
            yield [clause.label, part.title, clause.title, *answers, cited, whole.agreements[clause.id].people]


def _idea_rows(whole: Whole) -> Iterator[Sequence[Any]]:
    for row in whole.rows:
        address = whole.origin.base_url + row.path if row.path else ""
        labels = ", ".join(label for _, label in row.labels)
        answer = (row.label, row.reason, labels, row.published_at, address)
        yield [row.rank, row.ref, row.title, row.up, row.down, *answer]


def _plain(value: Words) -> str:
    return value if isinstance(value, str) else value.text if isinstance(value, Span) else ""
