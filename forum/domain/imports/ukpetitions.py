"""Petitions of the UK Government and Parliament: pages of their JSON API, with rejections, answers and debates."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from forum.domain.imports.ideas import PLACE, STAGE, STANDING
from forum.domain.imports.pages import Item, Page
from forum.domain.imports.rows import CommentRow, Event, IdeaRow, PlaceKey, Ruling, digest
from forum.domain.imports.tables import BadRow, Progress
from forum.domain.reasons import label
from forum.text import tidy, tidy_line

NAME = "uk-petitions"
NO_PLACE = "Without a department"
NO_NAME = "Name not given"

_HAS_A_COLUMN = frozenset({"action", "background", "additional_details", "signature_count", "created_at", "topics"})
KNOWN = _HAS_A_COLUMN | frozenset(
    """committee_note state closing_date updated_at rejected_at opened_at closed_at moderation_threshold_reached_at
    response_threshold_reached_at government_response_at debate_threshold_reached_at debate_scheduled_on
    scheduled_debate_date debate_outcome_at creator_name rejection government_response debate departments
    other_parliamentary_business signatures_by_country signatures_by_constituency signatures_by_region""".split()
)

_STATES = {
    **dict.fromkeys(("open", "closed", "stopped"), "published"),
    **dict.fromkeys(("pending", "validated", "sponsored", "flagged", "dormant"), "held"),
    **dict.fromkeys(("hidden", "removed"), "removed"),
    "rejected": "off-topic",
}
_GONE = frozenset({"duplicate", "fake-name", "libellous", "offensive"})
"""Codes for which a rejected petition is not shown. The others can be read, with the reason, on the off-topic track."""
_REASONS = {
    "duplicate": "duplicate",
    "irrelevant": "off-topic",
    "no-action": "off-topic",
    "fake-name": "impersonation",
    "libellous": "illegal",
    "offensive": "personal-attack",
}
_STATUSES = {"irrelevant": "out-of-scope", "no-action": "out-of-scope"}
_THRESHOLDS = (
    ("moderation_threshold_reached_at", "reached the threshold for a check"),
    ("opened_at", "opened for signatures"),
    ("response_threshold_reached_at", "reached the threshold for an answer"),
    ("debate_threshold_reached_at", "reached the threshold for a debate"),
    ("closed_at", "closed for signatures"),
)


class Wrong(ValueError):
    """A row that can't be taken, with the reason."""


class Files:
    """Pages of petitions."""

    name = NAME

    def __init__(self, paths: Sequence[Path]) -> None:
        self._pages = [Page(path, "data") for path in paths]
        self._unknown: dict[str, set[str]] = {}

    def size(self) -> int:
        """Bytes of all files."""
        return sum(page.path.stat().st_size for page in self._pages)

    def check(self, progress: Progress | None = None) -> None:
        """Read every file to its end. Raises Unreadable and OSError."""
        for page in self._pages:
            page.check(progress)

    def ideas(self, progress: Progress | None = None) -> Iterator[IdeaRow | BadRow]:
        """The petitions in the order of the files."""
        for page in self._pages:
            for item in page.items(progress):
                yield self._idea(item)

    def comments(self, progress: Progress | None = None) -> Iterator[CommentRow | BadRow]:
        """None: petitions have no comments."""
        yield from ()

    def notes(self) -> list[str]:
        """Nothing more is to be told."""
        return []

    def unknown_columns(self) -> dict[str, list[str]]:
        """File → attributes that the format does not have."""
        return {file: sorted(names) for file, names in self._unknown.items()}

    def _idea(self, item: Item) -> IdeaRow | BadRow:
        try:
            row = _idea(item)
        except Wrong as error:
            return BadRow(item.file, item.line, str(error))
        if unknown := item.value["attributes"].keys() - KNOWN:
            self._unknown.setdefault(item.file, set()).update(unknown)
        return row


def _idea(item: Item) -> IdeaRow:
    value = item.value
    about = value.get("attributes") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(about, dict):
        raise Wrong("This is no petition: it has no attributes.")
    number = value.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).strip():
        raise Wrong("The petition has no id.")
    title, signatures, state = tidy_line(_text(about, "action")), about.get("signature_count") or 0, about.get("state")
    if not title:
        raise Wrong(f"Petition {number} has no title.")
    if isinstance(signatures, bool) or not isinstance(signatures, int) or signatures < 0:
        raise Wrong(f"The number of signatures {signatures!r} is not a whole number from 0 on.")
    if state not in _STATES:
        raise Wrong(f"The state {state!r} is not one of: {', '.join(_STATES)}.")
    created_at = _moment(about, "created_at")
    if created_at is None:
        raise Wrong(f"Petition {number} has no date.")
    code = _code(about)
    status, ruling = _status(about, code), _ruling(about, code)
    stage = state + (f": {code}" if code else "") + (", answered" if status == "answered" else "")
    standing = "removed" if code in _GONE else _STATES[state]
    place = _place(about)
    data = {name: kept for name, kept in about.items() if name not in _HAS_A_COLUMN and kept not in (None, "", [])}
    return IdeaRow(
        file=item.file,
        line=item.line,
        source_id=str(number).strip(),
        number="",
        title=title,
        body="\n\n".join(filter(None, (_text(about, "background"), _text(about, "additional_details")))),
        author=tidy_line(_text(about, "creator_name")) or NO_NAME,
        place=place,
        tags=tuple(dict.fromkeys(tag for topic in _list(about, "topics") if (tag := tidy_line(str(topic))))),
        up=signatures,
        down=0,
        created_at=created_at,
        status=status,
        stage=stage,
        url=_address(value),
        is_private=False,
        hash=digest(value),
        data={**data, PLACE: place.name, STAGE: stage, STANDING: standing},
        standing=standing,
        is_locked=state not in ("open", "pending", "validated", "sponsored", "flagged"),
        history=_history(about, ruling),
        ruling=ruling,
    )


def _text(about: Mapping[str, Any], name: str) -> str:
    value = about.get(name)
    return tidy(value).strip() if isinstance(value, str) else ""


def _list(about: Mapping[str, Any], name: str) -> list[Any]:
    value = about.get(name)
    return value if isinstance(value, list) else []


def _part(about: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = about.get(name)
    return value if isinstance(value, dict) else {}


def _moment(about: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(about, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f"The date {text!r} ({name}) is not one like 2020-03-03T12:25:09Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _place(about: Mapping[str, Any]) -> PlaceKey:
    first = next((one for one in _list(about, "departments") if isinstance(one, dict)), {})
    return PlaceKey(tidy_line(str(first.get("name") or "")) or NO_PLACE)


def _address(value: Mapping[str, Any]) -> str:
    return _text(_part(value, "links"), "self").removesuffix(".json")


def _code(about: Mapping[str, Any]) -> str:
    """Why it was rejected or hidden, in the source's word; empty if it was not."""
    if _STATES[about["state"]] not in ("off-topic", "removed"):
        return ""
    return _text(_part(about, "rejection"), "code") or "no-reason"


def _status(about: Mapping[str, Any], code: str) -> str:
    if code:
        return _STATUSES.get(code, "declined")
    return "answered" if _part(about, "government_response") else "open"


def _ruling(about: Mapping[str, Any], code: str) -> Ruling | None:
    if not code:
        return None
    facts = _text(_part(about, "rejection"), "details")
    moment = _moment(about, "rejected_at") or _moment(about, "updated_at") or _moment(about, "created_at")
    if moment is None:
        return None
    is_gone = code in _GONE or _STATES[about["state"]] == "removed"
    return Ruling("remove" if is_gone else "off-topic", _REASONS.get(code, "other"), facts, moment)


def _history(about: Mapping[str, Any], ruling: Ruling | None) -> tuple[Event, ...]:
    """Thresholds, the decision, the Government's answer and the debate, in order of time."""
    found = [Event(kind, at) for name, kind in _THRESHOLDS if (at := _moment(about, name))]
    if ruling:
        kind = "removed" if ruling.action == "remove" else "off-topic"
        note = label(ruling.reason) + (f". {ruling.facts}" if ruling.facts else "")
        found.append(Event(kind, ruling.created_at, note))
    response = _part(about, "government_response")
    if response and (at := _answered(about, response)):
        words = filter(None, (_text(response, "summary"), _text(response, "details")))
        found.append(Event("status", at, "\n\n".join(words), "answered"))
    debate = _part(about, "debate")
    if debate and (at := _debated(about, debate)):
        found.append(Event("debated in Parliament", at, _on_debate(debate)))
    return tuple(sorted(found, key=lambda event: event.created_at))


def _answered(about: Mapping[str, Any], response: Mapping[str, Any]) -> datetime | None:
    return _moment(about, "government_response_at") or _moment(response, "created_at") or _day(response, "responded_on")


def _debated(about: Mapping[str, Any], debate: Mapping[str, Any]) -> datetime | None:
    return _day(debate, "debated_on") or _moment(about, "debate_outcome_at")


def _day(part: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(_text(part, name)), datetime.min.time(), UTC)
    except ValueError:
        return None


def _on_debate(debate: Mapping[str, Any]) -> str:
    addresses = (
        ("Transcript", "transcript_url"),
        ("Video", "video_url"),
        ("Research", "debate_pack_url"),
        ("Public engagement", "public_engagement_url"),
        ("Summary", "debate_summary_url"),
    )
    lines = [f"{name}: {address}" for name, key in addresses if (address := _text(debate, key))]
    return "\n\n".join(filter(None, (_text(debate, "overview"), "\n".join(lines))))
