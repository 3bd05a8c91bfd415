"""What all parts of the demo's content share: kinds of values, wrapped text, and chance that repeats."""

import hashlib
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_BLOCK_START = re.compile(r"([-*>|]|\d+\.) ")


def unfold(text: str) -> str:
    """Joins the wrapped lines of each paragraph: in the files a line ends where it is full.

    List items, quotations and table rows keep their lines. `text` is Markdown; so is what comes back.
    """
    lines: list[str] = []
    for line in text.strip().splitlines():
        joins = bool(lines) and lines[-1] != "" and line != "" and not _BLOCK_START.match(line)
        if joins:
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line.rstrip())
    return "\n".join(lines)


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Hours = Annotated[float, Field(gt=0)]
Markdown = Annotated[str, BeforeValidator(unfold), Field(min_length=1, max_length=10_000)]


class Part(BaseModel):
    """A part of the content: fixed, and without fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def number(key: str, below: int) -> int:
    """A number from 0 to `below` - 1 that looks random and is the same on every load."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % below
