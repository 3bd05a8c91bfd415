"""The pages of directives: written, cited, in conflict, published, read and commented on; without scripts and with."""

import hashlib
import re
from datetime import timedelta

import pytest

from forum.clock import now
from forum.domain import search
from forum.domain.people import Person
from tests import directing
from tests.making import Site


def writer(site: Site, name: str = "Wren Writer") -> Person:
    return site.make(lambda make: make.user(role="policy", name=name))


def later(days: int = 30) -> str:
    return (now() + timedelta(days=days)).date().isoformat()


def text_form(site: Site, path: str) -> dict[str, str]:
    """The fields of the form of a text as the page shows them."""
    page = site.get(path).text
    fields = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.S))
    fields |= dict(re.findall(r'<input[^>]* name="(title|version)"[^>]* value="([^"]*)"', page))
    return fields


def write_and_open(site: Site, wren: Person, idea_id: int) -> str:
    """From the first word to public comment; the address of the directive without its title."""
    site.sign_in(wren)
    assert site.post("/directives", {"title": ""}).status_code == 422
    workspace = site.post("/directives", {"title": "Open courts", "introduction": "*Why* we do it."}).headers[
        "location"
    ]
    base = workspace.removesuffix("/edit")
    assert "No part yet" in site.get(workspace).text
    assert site.post(f"{base}/parts", {"part_title": " "}).status_code == 422
    assert site.post(f"{base}/parts", {"part_title": "Dockets"}).status_code == 303
    part = re.search(r'id="part-(\d+)"', site.get(workspace).text)
    assert part
    assert site.post(f"{base}/recommendations", {"part": part[1], "title": ""}).status_code == 422
    address = site.post(f"{base}/recommendations", {"part": part[1], "title": "Post dockets"}).headers["location"]
    fields = text_form(site, address)
    assert fields["version"] == "1"
    found = site.post(f"{address}/citations", {**fields, "who": "Half a thought", "q": "dockets"})
    assert "Put all <mark>dockets</mark> online" in found.text
    assert "Half a thought" in found.text
    cited = site.post(
        f"{address}/citations", {**fields, "cite": f"idea:{idea_id}", f"note-idea:{idea_id}": "All of it."}
    )
    assert "All of it." in cited.text
    assert "Recommendation 1.1 does not say who." in site.get(workspace).text
    hard = "The administrative responsibilities of organizations necessitate comprehensive documentation."
    saved = {**fields, "who": "Each court.", "what": "Posts dockets.", "why": "To read them.", "how": hard}
    assert site.post(address, saved).headers["location"] == address
    page = site.get(address).text
    assert "Reads at grade" in page
    assert "Hard words: administrative" in page
    assert site.post(f"{base}/stage", {"act": "open", "open-closes_on": "soon"}).status_code == 422
    assert site.post(f"{base}/stage", {"act": "open", "open-closes_on": later()}).status_code == 303
    return base


def read_and_speak(site: Site, citizen: Person, base: str) -> tuple[str, str]:
    """Somebody finds it, reads it, agrees and comments; its whole address and the page."""
    site.sign_out()
    listed = site.get("/directives").text
    assert "Open courts" in listed
    assert "1 recommendation, resting on 1 idea" in listed
    path = re.search(r'href="(/directives/\d+-open-courts)"', listed)
    assert path
    read = site.get(path[1]).text
    for words in ("<em>Why</em> we do it.", "Each court.", "Put all dockets online", "All of it.", "Public comment"):
        assert words in read
    clause = re.search(r'id="recommendation-(\d+)"', read)
    assert clause
    acts = f"{base}/recommendations/{clause[1]}"
    assert "/sign-in" in site.post(f"{acts}/comments", {"body": "Mine."}).headers["location"]
    site.sign_in(citizen)
    assert site.post(f"{acts}/agree", {"value": "1"}).headers["location"] == f"{path[1]}#recommendation-{clause[1]}"
    assert site.post(f"{acts}/comments", {"body": ""}).status_code == 422
    assert site.post(f"{acts}/comments", {"body": "Courts of states too?"}).status_code == 303
    read = site.get(path[1]).text
    assert "Courts of states too?" in read
    assert re.search(r"I agree.*?<b>1</b>", read)
    swapped = site.post(f"{acts}/agree", {"value": "0"}, htmx=True).text
    assert "<html" not in swapped
    assert "<b>0</b>" in swapped
    return path[1], read


def test_from_the_first_word_to_the_final_directive(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea(title="Put all dockets online", votes=3))
    site.write(search.rebuild)
    wren, citizen = writer(site), site.make(lambda make: make.user(name="Cy Citizen"))
    base = write_and_open(site, wren, idea_id)
    path, read = read_and_speak(site, citizen, base)
    site.sign_in(wren)
    remark = re.search(r'id="remark-(\d+)"', read)
    assert remark
    assert site.post(f"/remarks/{remark[1]}/answer", {"answer": "Not yet."}).status_code == 303
    assert site.post(f"{base}/stage", {"act": "final"}).status_code == 409
    assert site.post(f"{base}/stage", {"act": "end", "end-reason": ""}).status_code == 422
    assert site.post(f"{base}/stage", {"act": "end", "end-reason": "All was said."}).status_code == 303
    form = {
        "idea": str(idea_id),
        f"outcome-{idea_id}": "accepted",
        f"reason-{idea_id}": "In May.",
        f"version-{idea_id}": "0",
    }
    assert site.post(f"{base}/dispositions", {**form, "act": "save"}).status_code == 303
    assert site.post(f"{base}/stage", {"act": "final"}).status_code == 303
    site.work()
    site.sign_in(citizen)
    read = site.get(path).text
    for words in ("Directive No. 1", "Sealed words", "Not yet.", "1 comment", "Every idea with its reason"):
        assert words in read, words
    assert "In May." in site.get(f"{base}/dispositions").text
    assert "We answered your comment" in site.get("/notifications").text
    idea = site.get(f"/ideas/{idea_id}-put-all-dockets-online").text
    assert "In May." in idea
    assert "Open courts: 1.1 Post dockets" in idea
    edition = site.get(f"{base}/editions/2.json")
    assert hashlib.sha256(edition.content).hexdigest() in read
    assert "earlier edition" in site.get(f"{base}/editions/1").text


def test_a_conflicting_save_shows_both_texts_and_keeps_them(site: Site) -> None:
    wren, otto = writer(site), writer(site, "Otto Other")
    directive, _, clauses = site.make(lambda make: directing.draft(make.db, wren))
    path = f"/directives/{directive.id}/texts/recommendation/{clauses[0]}"
    site.sign_in(wren)
    mine = text_form(site, path)
    site.sign_in(otto)
    assert site.post(path, {**text_form(site, path), "what": "Otto posts all records."}).status_code == 303
    site.sign_in(wren)
    clash = site.post(path, {**mine, "what": "Wren posts all records.", "how": "By mail."})
    assert clash.status_code == 409
    assert "Otto Other saved this text while you were writing" in clash.text
    assert "<del>Otto</del><ins>Wren</ins> posts all records." in clash.text
    assert "Otto posts all records." in clash.text
    assert 'name="version" value="2"' in clash.text
    assert ">\nWren posts all records.</textarea>" in clash.text
    versions = site.get(f"/directives/{directive.id}/versions?of=recommendation:{clauses[0]}").text
    assert "Kept beside another" in versions
    assert "Wren" in versions
    again = {**mine, "version": "2", "what": "Both post all records.", "how": "By mail."}
    assert site.post(path, again).status_code == 303
    version = re.findall(r'name="version" value="(\d+)"', versions)
    restored = site.post(f"/directives/{directive.id}/versions", {"version": version[-1], "based_on": "3"})
    assert restored.status_code == 303
    assert "(now)" in site.get(restored.headers["location"]).text
    assert text_form(site, path)["what"] == directing.CLAUSE["what"]


def test_the_outline_moves_deletes_and_brings_back(site: Site) -> None:
    wren = writer(site)
    directive, parts, clauses = site.make(lambda make: directing.draft(make.db, wren))
    base = f"/directives/{directive.id}"
    site.sign_in(wren)
    moved = site.post(f"{base}/order", {"move": f"recommendation:{clauses[0]}:down"}, htmx=True)
    assert "It is Recommendation 1.2 now." in moved.text
    assert "<html" not in moved.text
    assert (
        site.post(f"{base}/order", {"move": f"part:{parts[0]}:down"}).headers["location"]
        == f"{base}/edit#part-{parts[0]}"
    )
    dragged = site.post(f"{base}/order", {"move": f"recommendation:{clauses[2]}:to:{parts[0]}:{clauses[0]}"}, htmx=True)
    assert "It is Recommendation 2.2 now." in dragged.text
    for nonsense in (
        "",
        "part",
        "part:x:up",
        f"recommendation:{clauses[0]}:sideways",
        "idea:1:up",
        "recommendation:1:to:2",
    ):
        assert site.post(f"{base}/order", {"move": nonsense}).status_code == 404, nonsense
    site.post(f"{base}/delete", {"what": f"recommendation:{clauses[0]}"})
    page = site.get(f"{base}/edit").text
    undo = re.search(r'action="(/directives/\d+/bring-back\?what=[^"]+)"', page)
    assert undo
    assert "Deleted texts (1)" in page
    assert site.post(undo[1]).status_code == 303
    assert "Deleted texts" not in site.get(f"{base}/edit").text
    assert site.post(f"{base}/delete", {"what": f"part:{parts[0]}"}).status_code == 409


def test_the_matrix_is_filled_in_at_once(site: Site) -> None:
    wren = writer(site)
    ideas = [site.make(lambda make: make.idea(title=f"Idea number {n}")) for n in "abc"]  # noqa: B023
    directive, _, _ = site.make(lambda make: directing.public(make.db, wren, ideas=tuple(ideas)))
    path = f"/directives/{directive.id}/dispositions"
    site.sign_in(wren)
    page = site.get(path).text
    assert page.count("data-row") == 3
    form: dict[str, object] = {"idea": [str(one) for one in ideas]}
    for one in ideas:
        was = re.search(rf'name="was-{one}" value="(\w+)"', page)
        assert was
        form |= {f"outcome-{one}": "", f"reason-{one}": "", f"version-{one}": "0", f"was-{one}": was[1]}
    wrong = site.post(path, {**form, f"reason-{ideas[0]}": "A reason alone.", f"outcome-{ideas[1]}": "declined"})
    assert wrong.status_code == 422
    assert "A reason alone." in wrong.text
    assert "choose what becomes of it" in wrong.text
    assert re.search(r'<option value="declined" selected>', wrong.text)
    nothing = site.post(path, {**form, "act": "apply", "outcome_all": "deferred"})
    assert "Please tick the ideas" in nothing.text
    several = {
        **form,
        "act": "apply",
        "outcome_all": "deferred",
        "reason_all": "Next year.",
        "pick": [str(i) for i in ideas[:2]],
    }
    assert site.post(path, several).status_code == 303
    page = site.get(path).text
    assert page.count("Next year.") == 2
    assert "Cited, no disposition (1)" in page
    assert site.get(f"{path}?show=no-outcome").text.count("data-row") == 1
    stale = site.post(path, {**form, f"outcome-{ideas[0]}": "accepted", f"reason-{ideas[0]}": "Now."})
    assert "changed this meanwhile to “Deferred”: Next year." in stale.text
    untouched = site.post(path, {**form, f"outcome-{ideas[2]}": "accepted", f"reason-{ideas[2]}": "Now."})
    assert untouched.status_code == 303  # the rows that somebody else changed were not touched here
    assert site.get(path).text.count("Next year.") == 2
    assert "Publish 3" in site.get(path).text
    assert site.post(f"{path}/publish").status_code == 303
    assert site.post(f"{path}/publish").status_code == 409
    site.sign_out()
    public = site.get(path).text
    assert public.count("Next year.") == 2
    assert "<select" not in public


def test_grades_come_while_somebody_types(site: Site) -> None:
    site.sign_in(writer(site))
    told = site.post("/directives/grade/what", {"what": "We post all of the records that you ask for."}, htmx=True).text
    assert 'id="grade-what"' in told
    assert "Reads at grade" in told
    assert site.post("/directives/grade/nonsense", {}).status_code == 404
    site.sign_in(site.make(lambda make: make.user()))
    assert site.post("/directives/grade/what", {"what": "Words."}).status_code == 403


def test_taken_back_the_public_reads_the_old_words_and_the_reason(site: Site) -> None:
    wren = writer(site)
    directive, _, _ = site.make(lambda make: directing.public(make.db, wren))
    site.sign_in(wren)
    base = f"/directives/{directive.id}"
    site.post(f"{base}/stage", {"act": "back", "back-reason": "Many asked for more."})
    site.post(
        f"{base}/texts/directive/{directive.id}", {"title": "Secret new name", "introduction": "x", "version": "1"}
    )
    assert "Secret new name" in site.get(f"{base}-secret-new-name").text
    site.sign_out()
    moved = site.get(f"{base}-secret-new-name")
    assert (moved.status_code, moved.headers["location"]) == (301, f"{base}-records-online")
    read = site.get(f"{base}-records-online").text
    assert "Many asked for more." in read
    assert "Secret" not in read
    assert "I agree" not in read


@pytest.mark.parametrize("act", ["edit", "versions", "texts/part/1", "dispositions"])
def test_the_desk_of_a_public_directive_is_the_policy_teams(site: Site, act: str) -> None:
    wren = writer(site)
    directive, _, _ = site.make(lambda make: directing.public(make.db, wren))
    path = f"/directives/{directive.id}/{act}"
    for person, status in ((None, 303), (site.make(lambda make: make.user()), 403)):
        if person:
            site.sign_in(person)
        assert site.get(path).status_code == (200 if act == "dispositions" else status)


def test_search_and_cite_swap_their_part_alone(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea(title="Put all dockets online"))
    wren = writer(site)
    directive, _, clauses = site.make(lambda make: directing.draft(make.db, wren))
    path = f"/directives/{directive.id}/texts/recommendation/{clauses[0]}"
    site.sign_in(wren)
    found = site.post(f"{path}/citations", {"q": f"I-{idea_id}"}, htmx=True).text
    assert "<html" not in found
    assert f'value="idea:{idea_id}"' in found
    cited = site.post(f"{path}/citations", {"cite": f"idea:{idea_id}"}, htmx=True).text
    assert "Take away" in cited
    dropped = site.post(f"{path}/citations", {"drop": f"idea:{idea_id}"}, htmx=True).text
    assert "It names no idea yet." in dropped
    assert site.post(f"{path}/citations", {"cite": "idea:999999"}).status_code == 422
