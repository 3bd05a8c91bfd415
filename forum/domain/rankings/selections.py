"""Selections: which formula ranks which ideas by which votes; read from an address, written to one, said in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from forum.db import Connection
from forum.domain import agencies, communities, consensus, formulas, tags, themes
from forum.domain.communities import CommunityView
from forum.domain.errors import Invalid, NotFound
from forum.domain.ideas import STATUSES
from forum.domain.lists import Filters
from forum.text import date

YES = "yes"
KINDS = {"citizen": "Citizens", "employee": "Public employees"}
"""Kinds of authors and of voters: code → label."""

PARAMETERS = (
    "method", "community", "tag", "theme", "status", "agency", "author", "since", "until", "voters", "confirmed",
    "track", "aside",
)  # fmt: skip
"""The names of a selection's values in addresses, forms and files, in their order."""

THEME_WRONG = "There is no such theme. Its number stands in its address, after /themes/."

Values = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is ranked, and by which votes. Empty: no matter. Both days are inclusive, in UTC."""

    method: str = "net"
    communities: tuple[str, ...] = ()  # slugs, in their order
    tag: str = ""  # its slug
    status: str = ""
    agency: str = ""  # its slug
    author: str = ""  # citizen, employee
    since: str = ""  # YYYY-MM-DD
    until: str = ""
    voters: str = ""  # citizen, employee
    confirmed: bool = False  # only votes that accounts with a confirmed address cast here
    track: bool = False  # ideas on the off-topic track too
    aside: bool = False  # votes that were set aside count too
    theme: str = ""  # the id of a theme

    @property
    def is_counted_anew(self) -> bool:
        """Do other votes count than the ones in the stored tallies?"""
        return bool(self.voters or self.confirmed or self.aside)


def read(db: Connection, values: Values) -> Selection:
    """The selection that these values name (see PARAMETERS); a community may come several times, or with commas.

    Other names are passed over. Invalid, with a sentence for each value that makes no sense.
    """
    given = {name: _one(values.get(name, "")) for name in PARAMETERS}
    named = _many(values.get("community", "")) | _many(values.get("communities", ""))
    errors: dict[str, str] = {}
    selection = Selection(
        method=given["method"] or "net",
        communities=tuple(sorted(named)),
        tag=tags.slug_of(given["tag"]) if given["tag"] else "",
        status=given["status"],
        agency=given["agency"],
        author=given["author"],
        since=_day("since", given["since"], errors),
        until=_day("until", given["until"], errors),
        voters=given["voters"],
        confirmed=_flag("confirmed", given, errors),
        track=_flag("track", given, errors),
        aside=_flag("aside", given, errors),
        theme=_theme(db, given["theme"]),
    )
    errors |= _wrong(db, selection)
    if errors:
        raise Invalid(errors)
    return selection


def _theme(db: Connection, given: str) -> str:
    """The id of the theme, or of the one that took its place; what was given, if it is none."""
    found = themes.find(db, given) if given else None
    return given if found is None else str(found.id)


def _one(value: str | Sequence[str]) -> str:
    if not isinstance(value, str):
        value = value[-1] if value else ""
    return value.strip()


def _many(value: str | Sequence[str]) -> set[str]:
    texts = [value] if isinstance(value, str) else value
    return {slug.strip() for text in texts for slug in text.split(",") if slug.strip()}


def _day(name: str, given: str, errors: dict[str, str]) -> str:
    if not given:
        return ""
    try:
        day = datetime.strptime(given, "%Y-%m-%d")  # noqa: DTZ007 - only the day is kept
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year < 9999:
        errors[name] = "Please give a date like 2009-05-21."
        return ""
    return f"{day:%Y-%m-%d}"


def _flag(name: str, given: Mapping[str, str], errors: dict[str, str]) -> bool:
    if given[name] not in ("", YES):
        errors[name] = "Please say “yes”, or leave this out."
    return given[name] == YES


def _wrong(db: Connection, selection: Selection) -> dict[str, str]:
    """Field → sentence for what can't be."""
    errors = {
        name: sentence
        for name, (known, sentence) in _choices(db, selection).items()
        if getattr(selection, name) not in known
    }
    known = {place.slug for place in communities.directory(db).values() if _is_ranked(place)}
    if missing := [slug for slug in selection.communities if slug not in known]:
        errors["community"] = f"There is no public community “{missing[0]}”. Its name here is the end of its address."
    if selection.tag and tags.find(db, selection.tag) is None:
        errors["tag"] = f"There is no tag “{selection.tag}”."
    if selection.since and selection.until and selection.since > selection.until:
        errors["until"] = "The last day comes before the first day."
    if selection.is_counted_anew and not errors and not formulas.get(selection.method).is_by_tally:
        errors["voters"] = "This formula needs all votes together. Choose another one to count only some of them."
    return errors


def _choices(db: Connection, selection: Selection) -> dict[str, tuple[Collection[str], str]]:
    """Field → what it can be, and what to say otherwise."""
    offices = [agency.slug for agency in agencies.everyone(db)]
    return {
        "method": (formulas.FORMULAS, f"There is no such ranking. Known are: {', '.join(formulas.FORMULAS)}."),
        "status": (("", *STATUSES), f"There is no such status. Known are: {', '.join(STATUSES)}."),
        "agency": (("", *offices), "There is no agency of this name."),
        "author": (("", *KINDS), "Authors are citizens or employees."),
        "voters": (("", *KINDS), "Voters are citizens or employees."),
        "theme": ([selection.theme] if _is_theme(db, selection.theme) else [], THEME_WRONG),
    }


def _is_ranked(place: CommunityView) -> bool:
    return place.visibility == "public" and place.status in ("open", "archived")


def as_values(selection: Selection) -> dict[str, str]:
    """The selection as values that `read` takes: always the method, and what is not left open, in one fixed order."""
    flags = {name: YES if getattr(selection, name) else "" for name in ("confirmed", "track", "aside")}
    values = {"community": ",".join(selection.communities), **flags}
    found = {name: values[name] if name in values else str(getattr(selection, name)) for name in PARAMETERS}
    return {name: value for name, value in found.items() if value}


def filters(db: Connection, selection: Selection) -> list[Filters]:
    """The lists of domain/lists.py that hold the selected ideas, without overlap, in the order of the formula.

    One for each community and track. A community that is no longer public raises NotFound.
    """
    formula = formulas.get(selection.method)
    until = _at(selection.until) + timedelta(days=1) if selection.until else None
    first = Filters(
        sort=formula.sort,
        tag_id=_tag_id(db, selection.tag) if selection.tag else None,
        agency_id=agencies.get(db, selection.agency).id if selection.agency else None,
        theme_id=_theme_id(db, selection.theme) if selection.theme else None,
        status=selection.status or None,
        author_kind=selection.author or None,
        since=_at(selection.since) if selection.since else None,
        until=until,
    )
    return [
        replace(first, community_id=community_id, state=state)
        for community_id in _community_ids(db, selection)
        for state in (("published", "off-topic") if selection.track else ("published",))
    ]


def _at(day: str) -> datetime:
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)


def _tag_id(db: Connection, slug: str) -> int:
    found = tags.find(db, slug)
    return -1 if found is None else found  # a tag that is gone: no idea has it


def _is_theme(db: Connection, given: str) -> bool:
    return not given or themes.find(db, given) is not None


def _theme_id(db: Connection, given: str) -> int:
    found = themes.find(db, given)
    return -1 if found is None else found.id  # a theme that went nowhere: no idea has it


def _theme_name(db: Connection, given: str) -> str:
    found = themes.find(db, given)
    return given if found is None else found.label


def _community_ids(db: Connection, selection: Selection) -> list[int | None]:
    if not selection.communities:
        return [None]
    by_slug = {place.slug: place.id for place in communities.directory(db).values() if _is_ranked(place)}
    if missing := [slug for slug in selection.communities if slug not in by_slug]:
        raise NotFound(f"There is no public community “{missing[0]}” any more.")
    return [by_slug[slug] for slug in selection.communities]


def in_words(db: Connection, selection: Selection) -> list[str]:
    """What is ranked, which votes count and how equal scores are ordered, in plain sentences."""
    formula = formulas.get(selection.method)
    votes = consensus.in_words(db) if formula.name == "consensus" else _votes(selection)
    return [f"Formula: {formula.label}. {formula.summary}", *_ideas(db, selection), *votes, formulas.TIES]


def _ideas(db: Connection, selection: Selection) -> list[str]:
    names = {place.slug: place.name for place in communities.directory(db).values()}
    places = [names.get(slug, slug) for slug in selection.communities]
    where = f"Ideas in {_listed(places)}." if places else "Ideas in all public communities."
    words = [where, *_narrowed(db, selection)]
    if selection.track:
        words.append("Ideas on the off-topic track are included.")
    return words


def _narrowed(db: Connection, selection: Selection) -> list[str]:
    words = []
    if selection.tag:
        words.append(f"Only ideas with the tag “{selection.tag}”.")
    if selection.theme:
        words.append(f"Only ideas of the theme “{_theme_name(db, selection.theme)}”.")
    if selection.status:
        words.append(f"Only ideas that stand at: {STATUSES[selection.status].lower()}.")
    if selection.agency:
        words.append(f"Only communities of this agency: {agencies.get(db, selection.agency).name}.")
    if selection.author:
        words.append(f"Only ideas posted by {KINDS[selection.author].lower()}.")
    if selection.since or selection.until:
        since = f" from {date(_at(selection.since))}" if selection.since else ""
        until = f" up to {date(_at(selection.until))}" if selection.until else ""
        words.append(f"Only ideas posted{since}{until}, both days included, in UTC.")
    return words


def _votes(selection: Selection) -> list[str]:
    who = {"": "everyone", "citizen": "citizens", "employee": "public employees"}[selection.voters]
    if selection.confirmed:
        words = [f"Votes count that {who} cast here with a confirmed address."]
    else:
        words = [f"Votes of {who} count."]
    if selection.voters or selection.confirmed:
        words.append("Totals from before this forum do not count. They do not say who voted.")
    else:
        words.append("Totals from before this forum count too.")
    aside = "count too" if selection.aside else "do not count"
    return [*words, f"Votes that were set aside {aside}."]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def in_short(db: Connection, selection: Selection) -> str:
    """A name for a column: the formula, and what sets the selection apart."""
    names = {place.slug: place.name for place in communities.directory(db).values()}
    parts = [names.get(slug, slug) for slug in selection.communities]
    parts += [f"tag {selection.tag}"] if selection.tag else []
    parts += [f"theme {_theme_name(db, selection.theme)}"] if selection.theme else []
    parts += [STATUSES[selection.status].lower()] if selection.status else []
    parts += [agencies.get(db, selection.agency).name] if selection.agency else []
    parts += [f"posted by {KINDS[selection.author].lower()}"] if selection.author else []
    parts += [f"from {selection.since}"] if selection.since else []
    parts += [f"up to {selection.until}"] if selection.until else []
    parts += [f"votes of {KINDS[selection.voters].lower()}"] if selection.voters else []
    parts += ["confirmed votes only"] if selection.confirmed else []
    parts += ["with off-topic ideas"] if selection.track else []
    parts += ["with votes set aside"] if selection.aside else []
    label = formulas.get(selection.method).label
    return f"{label}: {', '.join(parts)}" if parts else label
