"""Reads the demo's content from the TOML files beside this module and checks that it fits together."""

import hashlib
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from importlib import resources
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from forum.domain.demo.parts import Hours, Markdown, Slug
from forum.domain.demo.parts import Part as _Part
from forum.domain.demo.presence import address_of
from forum.domain.demo.surges import Aside, Pair, Wave

Role = Literal["citizen", "moderator", "policy", "administrator"]
SignIn = Literal["citizen", "employee", "moderator", "community manager", "policy analyst", "administrator"]
Phase = Literal["brainstorm", "discuss", "draft", "closed"]
Status = Literal["open", "acknowledged", "answered", "planned", "done", "declined"]
Reason = Literal["off-topic", "personal-attack", "duplicate", "private-information", "spam", "other"]


class Agency(_Part):
    slug: Slug
    name: str


class Person(_Part):
    """Somebody of the demo. `sign_in` names the kind of person a visitor becomes with this account."""

    handle: Slug
    name: Annotated[str, Field(max_length=60)]
    email: str
    role: Role = "citizen"
    agency: str = ""
    title: str = ""
    bio: str = ""
    sign_in: SignIn | None = None
    is_new: bool = False
    joins: tuple[Slug, ...] = ()
    votes_for: tuple[int, ...] = ()
    votes_against: tuple[int, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _with_address(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {"email": address_of(str(values.get("handle"))), **values}

    @property
    def is_employee(self) -> bool:
        return self.agency != ""


class Community(_Part):
    """A community of interest. `phase_ends_in`: days from the moment of loading, None for a closed one."""

    slug: Slug
    name: str
    group: str
    purpose: Markdown
    guidelines: Markdown
    banner: Annotated[int, Field(ge=1, le=8)]
    phase: Phase
    phase_ends_in: Annotated[int, Field(gt=0)] | None = None
    vote_kind: Literal["both", "support"] = "both"
    moderation: Literal["after", "first-posts", "before"] = "after"
    agencies: tuple[Slug, ...]
    managers: tuple[Slug, ...]
    tags: tuple[Slug, ...]


class Step(_Part):
    """One step in the public history of an idea, `days` after it was posted."""

    status: Status
    by: Slug
    days: Annotated[int, Field(gt=0)]
    note: Markdown


class _Proposal(_Part):
    community: Slug
    author: Slug
    title: Annotated[str, Field(min_length=5, max_length=120)]
    body: Markdown
    why: Markdown
    tags: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=5)]


class Idea(_Proposal):
    """An idea of 2009: `source_id`, `posted` (the day), `up` and `down` are the true ones, the words are ours."""

    source_id: int
    posted: AwareDatetime
    up: Annotated[int, Field(ge=0)]
    down: Annotated[int, Field(ge=0)]
    steps: tuple[Step, ...] = ()

    @property
    def status(self) -> Status:
        return self.steps[-1].status if self.steps else "open"


class HeldIdea(_Proposal):
    """The first post of a new account, waiting for a moderator; not from 2009."""

    hours_ago: Hours


class _Remark(_Part):
    idea: int
    author: Slug
    text: Markdown


class Comment(_Remark):
    """The comment at place `number` (from 1) under an idea; `agreed` are the handles of those who agree with it."""

    number: int
    reply_to: int | None
    posted: AwareDatetime
    is_official: bool
    agreed: tuple[Slug, ...]


class HeldComment(_Remark):
    """The first comment of a new account, waiting for a moderator."""

    hours_ago: Hours


class _Case(_Part):
    """About an idea, or about its comment at place `comment`."""

    idea: int
    comment: int | None = None
    reason: Reason
    hours_ago: Hours


class Report(_Case):
    """A reader's flag that waits."""

    by: Slug
    note: Markdown


class Decision(_Case):
    """A closed case: who reported it and why, who decided what, and what the author was told."""

    by: Slug
    action: Literal["keep", "remove"]
    reported_by: Slug
    statement: Markdown
    appeal: Markdown | None = None  # what its author answered; it waits for another moderator
    undone_by: Slug | None = None
    apology: Markdown | None = None  # what the author was told then


class Suspicion(_Part):
    """What the programs of a forum bring up: something that looks like spam, or like the idea `other`."""

    kind: Literal["spam", "duplicate"]
    idea: int
    comment: int | None = None
    other: int | None = None
    score: float
    signs: tuple[str, ...] = ()
    hours_ago: Hours


class Content(_Part):
    """Everything the demo holds, in the order it is to be loaded. Every reference in it leads somewhere."""

    password: Annotated[str, Field(min_length=15)]
    agencies: tuple[Agency, ...]
    people: tuple[Person, ...]
    communities: tuple[Community, ...]
    ideas: tuple[Idea, ...]
    comments: tuple[Comment, ...]
    reports: tuple[Report, ...]
    held_ideas: tuple[HeldIdea, ...]
    held_comments: tuple[HeldComment, ...]
    decisions: tuple[Decision, ...]
    suspicions: tuple[Suspicion, ...]
    wave: Wave
    pairs: tuple[Pair, ...]
    asides: tuple[Aside, ...]

    @cached_property
    def person(self) -> dict[str, Person]:
        return {person.handle: person for person in self.people}

    @cached_property
    def idea(self) -> dict[int, Idea]:
        return {idea.source_id: idea for idea in self.ideas}

    @property
    def sign_ins(self) -> tuple[Person, ...]:
        """The people a visitor may sign in as, one of every kind."""
        return tuple(person for person in self.people if person.sign_in)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*_doubles(self), *_loose_ends(self)] or _broken_rules(self)
        if problems:
            raise ValueError("; ".join(problems))
        return self


def read() -> Content:
    """The demo's content. Raises pydantic.ValidationError or tomllib.TOMLDecodeError if a file is wrong."""
    data: dict[str, Any] = {}
    folder = resources.files(__package__)
    for file in sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name):
        for key, value in tomllib.loads(file.read_text(encoding="utf-8")).items():
            data[key] = data[key] + value if key in data else value
    known = [person["handle"] for person in data["people"] if not person.get("is_new")]
    data["comments"] = _comments(data.pop("discussions"), data["ideas"], known)
    return Content.model_validate(data)


def _comments(
    discussions: list[dict[str, Any]], ideas: list[dict[str, Any]], handles: list[str]
) -> list[dict[str, Any]]:
    posted: dict[int, datetime] = {idea["source_id"]: idea["posted"] for idea in ideas}
    comments = []
    for discussion in discussions:
        source_id = discussion["idea"]
        for number, row in enumerate(discussion["comments"], start=1):
            fields = dict(row)
            moment = posted[source_id] + timedelta(hours=fields.pop("after"))
            agreed = _some_of(handles, fields.pop("agree", 0), f"{source_id}/{number}", other_than=row["author"])
            comments.append(
                {
                    "idea": source_id,
                    "number": number,
                    "reply_to": fields.pop("reply_to", None),
                    "posted": moment,
                    "is_official": fields.pop("official", False),
                    "agreed": agreed,
                    **fields,
                }
            )
    return comments


def _some_of(handles: list[str], count: int, key: str, *, other_than: str) -> tuple[str, ...]:
    """`count` handles, different for every key, the same on every run."""
    others = [handle for handle in handles if handle != other_than]
    others.sort(key=lambda handle: hashlib.sha256(f"{key} {handle}".encode()).digest())
    return tuple(others[:count])


def _doubles(content: Content) -> list[str]:
    keys: dict[str, list[Any]] = {
        "agency": [agency.slug for agency in content.agencies],
        "handle": [person.handle for person in content.people],
        "address": [person.email for person in content.people],
        "community": [community.slug for community in content.communities],
        "idea": [idea.source_id for idea in content.ideas],
        "title": [idea.title for idea in (*content.ideas, *content.held_ideas)],
        "report": [(report.by, report.idea, report.comment) for report in content.reports],
    }
    return [
        f"{kind} twice: {key}"
        for kind, all_keys in keys.items()
        for key in sorted(set(all_keys), key=str)
        if all_keys.count(key) > 1
    ]


def _loose_ends(content: Content) -> list[str]:
    """References that lead nowhere."""
    agencies = {agency.slug for agency in content.agencies}
    names = {agency.name for agency in content.agencies}
    communities = {community.slug for community in content.communities}
    comments = {(comment.idea, comment.number) for comment in content.comments}
    people = {
        *(handle for community in content.communities for handle in community.managers),
        *(idea.author for idea in (*content.ideas, *content.held_ideas)),
        *(step.by for idea in content.ideas for step in idea.steps),
        *(comment.author for comment in (*content.comments, *content.held_comments)),
        *(report.by for report in content.reports),
        *(handle for decision in content.decisions for handle in (decision.by, decision.reported_by)),
        *(decision.undone_by for decision in content.decisions if decision.undone_by),
    }
    ideas = {
        *(source_id for person in content.people for source_id in (*person.votes_for, *person.votes_against)),
        *(held.idea for held in content.held_comments),
        *(case.idea for case in (*content.reports, *content.decisions)),
        *(idea for case in content.suspicions for idea in (case.idea, case.other) if idea),
    }
    places = {
        *(idea.community for idea in (*content.ideas, *content.held_ideas)),
        *(slug for person in content.people for slug in person.joins),
    }
    cases = {(case.idea, case.comment) for case in (*content.reports, *content.decisions) if case.comment}
    cases |= {(suspicion.idea, suspicion.comment) for suspicion in content.suspicions if suspicion.comment}
    missing: dict[str, set[Any]] = {
        "agency": {slug for community in content.communities for slug in community.agencies} - agencies,
        "agency name": {person.agency for person in content.people if person.agency} - names,
        "person": people - content.person.keys(),
        "idea": ideas - content.idea.keys(),
        "community": places - communities,
        "comment": cases - comments,
    }
    return [f"no such {kind}: {key}" for kind, keys in missing.items() for key in sorted(keys, key=str)]


def _broken_rules(content: Content) -> list[str]:
    """What the forum itself would not have let happen."""
    return [
        *(f"{c.slug}: has no end" for c in content.communities if (c.phase == "closed") != (c.phase_ends_in is None)),
        *(f"idea {idea.source_id}: steps out of order" for idea in content.ideas if not _is_sorted(idea.steps)),
        *_odd_comments(content),
        *(f"decision on {case.idea}: not a moderator" for case in content.decisions if not _may_decide(content, case)),
        *(
            f"{person.handle}: votes on an own idea, or twice"
            for person in content.people
            if _misvotes(content, person)
        ),
    ]


def _is_sorted(steps: tuple[Step, ...]) -> bool:
    return all(before.days <= after.days for before, after in pairwise(steps))


def _odd_comments(content: Content) -> Iterator[str]:
    at = {(comment.idea, comment.number): comment.posted for comment in content.comments}
    for comment in content.comments:
        name = f"comment {comment.idea}/{comment.number}"
        if comment.is_official and not content.person[comment.author].is_employee:
            yield f"{name}: official, but not by an employee"
        if comment.reply_to and at.get((comment.idea, comment.reply_to), comment.posted) >= comment.posted:
            yield f"{name}: not after the one it replies to"


def _may_decide(content: Content, case: Decision) -> bool:
    """Moderators and administrators decide, and never on what they wrote."""
    author = next(
        (c.author for c in content.comments if (c.idea, c.number) == (case.idea, case.comment)),
        content.idea[case.idea].author,
    )
    return content.person[case.by].role in ("moderator", "administrator") and case.by != author


def _misvotes(content: Content, person: Person) -> bool:
    votes = (*person.votes_for, *person.votes_against)
    return len(set(votes)) < len(votes) or any(content.idea[vote].author == person.handle for vote in votes)
