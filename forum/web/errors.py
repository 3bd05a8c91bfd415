"""Errors as helpful pages, or as problem+json where JSON was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from forum.domain.errors import (
    Conflict,
    Forbidden,
    ForumError,
    Invalid,
    NotFound,
    ProofNeeded,
    SignInNeeded,
    TooMany,
)
from forum.web import render
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

TITLES: Mapping[int, str] = {
    400: "We could not read this request",
    403: "You may not do this",
    404: "There is nothing here",
    405: "This address does not take that",
    409: "This has changed in the meantime",
    413: "This is too large",
    422: "Something is missing or not right",
    429: "Please wait a moment",
    500: "Something went wrong on our side",
    503: "We are busy right now",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error page says."""

    title: str
    detail: str
    retry_after: int | None = None
    kept: str | None = None


def status_of(error: ForumError) -> int:
    """The HTTP status of an error of the forum."""
    for kind, status in ((NotFound, 404), (Forbidden, 403), (Conflict, 409), (Invalid, 422), (TooMany, 429)):
        if isinstance(error, kind):
            return status
    return 500


def answer(visit: Visit, error: ForumError) -> Answer:
    """The answer to an error of the forum. People who need to sign in first are sent there and come back."""
    if isinstance(error, SignInNeeded) and not wants_json(visit):
        return Redirect("/sign-in?" + urlencode({"next": back(visit), "why": error.action}))
    if isinstance(error, ProofNeeded) and not wants_json(visit):
        return Redirect("/sign-in/again?" + urlencode({"next": back(visit)}))
    retry_after = error.retry_after if isinstance(error, TooMany) else None
    return page(visit, status_of(error), str(error), retry_after=retry_after)


def page(visit: Visit, status: int, detail: str, *, retry_after: int | None = None, kept: str | None = None) -> Answer:
    """The page, or the JSON, of an error status."""
    title = TITLES.get(status, TITLES[500])
    if wants_json(visit):
        return render.problem(status, title, detail, **({"retry_after": retry_after} if retry_after else {}))
    headers = ((b"retry-after", str(retry_after).encode()),) if retry_after else ()
    template = f"errors/{status}.html" if status in (403, 404, 405, 409, 413, 422, 429, 500) else "errors/500.html"
    problem = Problem(title, detail, retry_after, kept)
    return Page(template, {"problem": problem}, status=status, headers=headers)


def wants_json(visit: Visit) -> bool:
    """Was JSON asked for, by address or by Accept?"""
    return visit.path.endswith(".json") or visit.headers.get("accept", "").startswith("application/json")


def back(visit: Visit) -> str:
    """Where to come back to after signing in: the page itself, or the page that a form was on."""
    if visit.method == "GET":
        return visit.here
    return visit.then(default=visit.path.rsplit("/", 1)[0] or "/")
