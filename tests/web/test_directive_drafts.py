"""Drafts stay with the policy team: every page, list, feed and file is crawled as each kind of person."""

import json
import re
from html import unescape

import pytest

from forum.domain import privacy, search
from forum.domain.directives import arranging, matrices, stages, writing
from forum.domain.directives.matrices import Entry
from forum.domain.people import Person
from tests import directing
from tests.making import Make, Site

ASKED, SECRET = "zqalpha", "zqalpha zqbeta"  # what is looked for stands on a page of results; what is hidden never
NEVER = "zqbeta"
STARTS = (
    *("/", "/ideas", "/ideas.json", "/ideas.csv", "/ideas.atom", "/directives", "/rankings", "/rankings.csv"),
    *("/rankings.json", "/snapshots", "/search?q=" + ASKED, "/communities", "/log", "/log.atom", "/log.csv"),
    *(f"/search?q={ASKED}&kind=directive", "/directives.atom"),
    *("/transparency", "/rules", "/me", "/notifications", "/desk", "/moderation", "/users", "/me/data/download"),
)
DRAFT = ("", "/edit", "/versions", "/dispositions", "/editions/1", "/editions/1.json", ".docx", ".pdf", ".xlsx", ".md")
MOST = 100


class Prepared:
    """A site with a draft, a directive that is written anew, and one of every kind of person."""

    def __init__(self, make: Make) -> None:
        writer = make.user(role="policy", name="Wren Writer")
        self.idea_id = make.idea(title="An idea for all", votes=2)
        self.secret_id = make.idea(title="Another idea")
        db = make.db
        hidden = {name: f"{SECRET} {name}" for name in ("title", "introduction")}
        self.draft, parts, clauses = directing.draft(db, writer, ideas=(self.secret_id,), **hidden)
        fields = {**directing.CLAUSE, **{name: f"{SECRET} {name}" for name in ("title", "who", "what", "why", "how")}}
        writing.save(db, writer, self.draft.id, "recommendation", clauses[0], fields, based_on=1)
        arranging.add_part(db, writer, self.draft.id, {"title": f"{SECRET} part"})
        matrices.save(db, writer, self.draft.id, {self.secret_id: Entry("declined", f"{SECRET} reason", 0)})
        self.revised, _, again = directing.public(db, writer, ideas=(self.idea_id,))
        stages.take_back(db, writer, self.revised.id, reason="Written anew.")
        writing.save(db, writer, self.revised.id, "directive", self.revised.id, hidden, based_on=1)
        writing.save(db, writer, self.revised.id, "recommendation", again[0], fields, based_on=1)
        matrices.save(db, writer, self.revised.id, {self.idea_id: Entry("declined", f"{SECRET} reason", 0)})
        self.parts, self.clauses, self.again = parts, clauses, again
        place = make.community()
        manager = make.user()
        make.member(place.id, manager, role="manager")
        search.rebuild(db)
        self.writer = writer
        self.people: dict[str, Person | None] = {
            "anonymous": None,
            "not confirmed": make.user(email_confirmed_at=None),
            "citizen": make.user(),
            "employee": make.user(is_employee=True, agency_name="Parks"),
            "manager": manager,
            "moderator": make.user(role="moderator"),
            "suspended": make.user(role="policy", status="suspended"),
        }

    def own(self) -> tuple[str, ...]:
        """Addresses of the drafts that nobody links to."""
        found = []
        for number, clause in ((self.draft.id, self.clauses[0]), (self.revised.id, self.again[0])):
            base = f"/directives/{number}"
            texts = (f"/texts/recommendation/{clause}", f"/versions?of=recommendation:{clause}", f"-{ASKED}")
            found += [base + rest for rest in (*DRAFT, *texts)]
        return tuple(found)


@pytest.mark.parametrize(
    "who", ["anonymous", "not confirmed", "citizen", "employee", "manager", "moderator", "suspended"]
)
def test_no_page_or_file_holds_a_word_of_a_draft(site: Site, who: str) -> None:
    prepared = site.make(Prepared)
    person = prepared.people[who]
    if person is not None:
        site.sign_in(person)
    waiting, seen = [*STARTS, *prepared.own()], set()
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = site.get(path)
        assert NEVER not in answer.content.decode("utf-8", "replace") + json.dumps(dict(answer.headers)), path
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += [
                unescape(link) for link in re.findall(r'href="(/[^"#]*)', answer.text) if "/static/" not in link
            ]
    assert len(seen) > 60
    draft = f"/directives/{prepared.draft.id}"
    for path in DRAFT:
        assert site.get(draft + path).status_code == 404, path


@pytest.mark.parametrize("who", ["anonymous", "citizen", "employee", "manager", "moderator", "suspended"])
def test_nobody_else_can_change_or_count_a_draft(site: Site, who: str) -> None:
    prepared = site.make(Prepared)
    person = prepared.people[who]
    if person is not None:
        site.sign_in(person)
    base, clause = f"/directives/{prepared.draft.id}", prepared.clauses[0]
    posts = {
        f"{base}/texts/recommendation/{clause}": {**directing.CLAUSE, "version": "2"},
        f"{base}/texts/recommendation/{clause}/citations": {"cite": f"idea:{prepared.idea_id}"},
        f"{base}/parts": {"part_title": "A part"},
        f"{base}/recommendations": {"part": str(prepared.parts[0]), "title": "Mine"},
        f"{base}/order": {"move": f"recommendation:{clause}:down"},
        f"{base}/delete": {"what": f"recommendation:{clause}"},
        f"{base}/bring-back": {"what": f"recommendation:{clause}"},
        f"{base}/stage": {"act": "open", "open-closes_on": "2099-01-01"},
        f"{base}/versions": {"version": "1", "based_on": "2"},
        f"{base}/dispositions": {"idea": "1"},
        f"{base}/dispositions/publish": {},
        f"{base}/snapshot": {"snapshot": ""},
        f"{base}/recommendations/{clause}/agree": {"value": "1"},
        f"{base}/recommendations/{clause}/comments": {"body": "Mine."},
    }
    for path, form in posts.items():
        answer = site.post(path, form)
        assert answer.status_code == 404, (path, answer.status_code)
        assert NEVER not in answer.text
    assert "1 recommendation" not in site.get("/directives").text
    assert f'href="/directives/{prepared.draft.id}' not in site.get("/directives").text
    idea = site.get(f"/ideas/{prepared.secret_id}-another-idea").text
    assert "Directives that cite it" not in idea


def test_a_former_member_of_the_team_takes_no_draft_away(site: Site) -> None:
    prepared = site.make(Prepared)
    with site.database.reading() as db:
        data = b"".join(privacy.export(db, prepared.writer, "https://testserver")).decode()
    assert NEVER not in data
    assert "directive_versions_written" in data


def test_the_public_sees_no_remarks_form_on_a_directive_that_is_written_anew(site: Site) -> None:
    prepared = site.make(Prepared)
    site.sign_in(site.make(lambda make: make.user()))
    base = f"/directives/{prepared.revised.id}"
    said = site.post(f"{base}/recommendations/{prepared.again[0]}/comments", {"body": "Mine."})
    assert said.status_code == 403
