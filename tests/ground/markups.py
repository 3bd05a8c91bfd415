"""Reads HTML as a browser would, to say what is in it that should not be, and what words a reader sees."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

TAGS = {
    "p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z0-9]+")


class Reader(HTMLParser):
    """Collects the faults and the visible text of a piece of HTML, with the numbers of its lists."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.hrefs: list[str] = []
        self.seen: list[str] = []
        self.numbers: list[int | None] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in TAGS:
            self.faults.append(f"tag {tag}")
        allowed = {"a": {"href", "rel"}, "ol": {"start"}}.get(tag, set())
        self.faults += [f"attribute {tag} {name}" for name in values if name not in allowed]
        if tag == "a":
            self.hrefs += [values["href"] or ""] if "href" in values else []
            if values.get("rel") != "nofollow ugc noopener":
                self.faults.append(f"rel {values.get('rel')}")
        if tag in ("ol", "ul"):
            self.numbers.append(int(values.get("start") or 1) if tag == "ol" else None)
        if tag == "li" and self.numbers and (number := self.numbers[-1]) is not None:
            self.seen.append(f" {number} ")
            self.numbers[-1] = number + 1
        if tag not in ("a", "strong", "em", "s", "code"):
            self.seen.append(" ")

    def handle_endtag(self, tag):
        if tag in ("ol", "ul") and self.numbers:
            self.numbers.pop()

    def handle_data(self, data):
        self.seen.append(data)

    def handle_comment(self, data):
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl):
        self.faults.append(f"declaration {decl}")

    def handle_pi(self, data):
        self.faults.append(f"instruction {data}")


def read(html: str) -> Reader:
    """The reader of a piece of HTML, after reading it."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def faults(html: str) -> list[str]:
    """What makes this HTML unsafe: tags, attributes and link targets that nobody allowed. Empty when safe."""
    reader = read(html)
    return reader.faults + [f"link {href}" for href in reader.hrefs if not is_harmless(href)]


def is_harmless(href: str) -> bool:
    """Whether a browser that follows this link runs nothing and goes where the text says it goes."""
    seen = re.sub(r"[\x00-\x20]", "", href).replace("\\", "/")  # as browsers read it
    if seen != href or seen.startswith("//"):
        return False
    parts = urlsplit(seen)
    if parts.scheme in ("http", "https"):
        return bool(parts.netloc) and "@" not in parts.netloc
    return parts.scheme == "mailto" or (not parts.scheme and seen[:1] in ("/", "#"))


def words(html: str) -> list[str]:
    """The words of ASCII letters and digits that a reader sees, in their order."""
    return WORD.findall("".join(read(html).seen))
