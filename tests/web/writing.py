"""What the tests of writing share: an idea as it is typed, and what a form holds."""

import html
import re
from typing import Any

import sqlalchemy as sa

from forum.domain.people import Person
from tests.making import Site

TITLE = "Publish the reports that we paid for"
BODY = "Put every report that was paid for with **public money** on one site."


def fields(slug: str, **values: str) -> dict[str, str]:
    return {"title": TITLE, "body": BODY, "why": "We paid for them.", "community": slug, "tags": "reports", **values}


def ready(site: Site, **values: Any) -> tuple[Person, str]:
    """Somebody signed in, and the slug of a community."""
    author, place = site.make(lambda make: (make.user(**values), make.community()))
    site.sign_in(author)
    return author, place.slug


def typed(page: str, name: str) -> str:
    """What a form field holds."""
    area = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    line = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    chosen = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    if area or line:
        return html.unescape((area or line)[1])  # type: ignore[index]
    assert chosen, name
    selected = re.search(r'value="([^"]*)" selected', chosen[0])
    return html.unescape(selected[1]) if selected else ""


def assert_kept(page: str, wanted: dict[str, str]) -> None:
    for name, value in wanted.items():
        assert typed(page, name) == value, name


def count(site: Site, table: Any) -> int:
    with site.database.reading() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
