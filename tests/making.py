"""Makers of test data, and the site as tests see it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from unittest import mock

import sqlalchemy as sa
from starlette.testclient import TestClient

from forum import text
from forum.app import Forum
from forum.clock import now
from forum.db import Connection, Prepared, insert
from forum.domain import comments, communities, people, ranking, sessions, votes
from forum.domain.communities import CommunityView
from forum.domain.people import Person
from forum.jobs.worker import Worker
from forum.models import Comment, Community, CommunityMember, CommunityPhase, Idea, IdeaText, User

T = TypeVar("T")
_numbers = itertools.count(1)
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


class Make:
    """Functions that make things with sensible values for everything a test does not care about."""

    def __init__(self, db: Connection) -> None:
        self.db = db

    def user(self, **values: Any) -> Person:
        """A person with a confirmed address: `make.user(role="moderator", is_employee=True, trust_level=2)`."""
        number = next(_numbers)
        defaults = {
            "handle": f"person-{number}",
            "name": f"Person {number}",
            "email": f"person-{number}@example.org",
            "email_confirmed_at": now(),
            "created_at": now(),
            "trust_level": 1,
        }
        return people.load(self.db, insert(self.db, User, **{**defaults, **values}))

    def community(self, *, phase: str | None = None, managers: tuple[Person, ...] = (), **values: Any) -> CommunityView:
        """An open community; `phase` began an hour ago."""
        number = next(_numbers)
        defaults = {"slug": f"community-{number}", "name": f"Community {number}", "created_at": now()}
        community_id = insert(self.db, Community, **{**defaults, **values})
        if phase:
            started = now() - timedelta(hours=1)
            row = {"community_id": community_id, "starts_at": started, "phase": phase}
            self.db.execute(sa.insert(CommunityPhase), row)
        for manager in managers:
            self.member(community_id, manager, role="manager")
        return communities.load(self.db, community_id)

    def member(self, community_id: int, user: Person, *, role: str = "member") -> Person:
        """Put a person into a community; returns the person as they are now."""
        row = {"community_id": community_id, "user_id": user.id, "role": role, "joined_at": now()}
        self.db.execute(sa.insert(CommunityMember), row)
        return people.load(self.db, user.id)

    def idea(
        self,
        *,
        community: CommunityView | None = None,
        author: Person | None = None,
        votes: int = 0,
        against: int = 0,
        body: str = "A body.",
        why: str = "",
        created_at: datetime | None = None,
        **values: Any,
    ) -> int:
        """A published idea with so many votes of people made for it; returns its id."""
        community, author = community or self.community(), author or self.user()
        number, moment = next(_numbers), created_at or now()
        title = values.get("title", f"Idea number {number}")
        ranks = ranking.ranks(values.get("up", 0), values.get("down", 0), moment)
        defaults = {
            "community_id": community.id,
            "author_id": author.id,
            "title": title,
            "slug": text.slug(title),
            "excerpt": text.excerpt(body),
            "shuffle": random.randrange(2**31),
            "created_at": moment,
            "is_public": community.visibility == "public",
            **ranks._asdict(),
        }
        idea_id = insert(self.db, Idea, **{**defaults, **values})
        texts = {"body": body, "body_html": text.to_html(body), "why": why, "why_html": text.to_html(why)}
        self.db.execute(sa.insert(IdeaText), {"idea_id": idea_id, **texts})
        self.votes(idea_id, votes, against)
        return idea_id

    def comment(
        self,
        idea_id: int,
        *,
        author: Person | None = None,
        parent_id: int | None = None,
        body: str = "A comment.",
        state: str = "published",
        **values: Any,
    ) -> int:
        """A comment under an idea, or an answer to one; returns its id."""
        parent = self.db.execute(sa.select(Comment.path).where(Comment.id == parent_id)).scalar() if parent_id else ""
        row = {"body": body, "body_html": text.to_html(body), "state": state, "created_at": now(), **values}
        ids = {"idea_id": idea_id, "parent_id": parent_id, "author_id": (author or self.user()).id}
        comment_id = insert(self.db, Comment, path="", **ids, **row)
        path = comments.path_of(parent or "", comment_id)
        depth = comments.depth_of(path)
        self.db.execute(sa.update(Comment).where(Comment.id == comment_id).values(path=path, depth=depth))
        if state == "published":
            comments.count_more(self.db, idea_id, 1)
        return comment_id

    def votes(self, idea_id: int, for_it: int, against: int = 0) -> None:
        """Let new people vote on an idea."""
        for value in [1] * for_it + [-1] * against:
            votes.cast(self.db, self.user(), idea_id, value)


class Site:
    """A site in this process and one browser on it."""

    def __init__(self, forum: Forum, client: TestClient) -> None:
        self.forum, self.client = forum, client
        self.database, self.settings = forum.database, forum.settings

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do something in a transaction of its own."""
        return self.database.write(work)

    def make(self, work: Callable[[Make], T]) -> T:
        """Make something and commit: `site.make(lambda make: make.idea())`."""
        return self.write(lambda db: work(Make(db)))

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that the site sends meanwhile, those that begin and end transactions aside."""
        seen: list[str] = []
        plain = Prepared.all

        def note(*args: Any) -> None:
            if not args[2].startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                seen.append(args[2])

        def spied(prepared: Prepared, db: Connection, *more: Any) -> list[Any]:
            seen.append(prepared.sql(db))
            return plain(prepared, db, *more)

        sa.event.listen(self.database.engine, "before_cursor_execute", note)
        with mock.patch.object(Prepared, "all", spied):
            yield seen
        sa.event.remove(self.database.engine, "before_cursor_execute", note)

    def sign_in(self, person: Person) -> None:
        """From now on the browser is this person's."""
        token = self.write(lambda db: sessions.start(db, person))
        self.client.cookies.set("__Host-session", token)

    def sign_out(self) -> None:
        """From now on the browser is nobody's."""
        self.client.cookies.clear()

    def get(self, path: str, *, htmx: bool = False, **more: Any) -> Any:
        """GET, as a browser or as htmx asks."""
        headers = {**({"hx-request": "true"} if htmx else {}), **more.pop("headers", {})}
        return self.client.get(path, headers=headers, **more)

    def post(self, path: str, data: Any = None, *, htmx: bool = False, **more: Any) -> Any:
        """POST a form from a page of the site."""
        headers = {**SAME_ORIGIN, **({"hx-request": "true"} if htmx else {}), **more.pop("headers", {})}
        return self.client.post(path, data=data or {}, headers=headers, **more)

    def work(self) -> None:
        """Let a worker do everything that is due now, mail included."""
        worker = Worker(self.database, self.settings)
        while worker.once():
            pass
