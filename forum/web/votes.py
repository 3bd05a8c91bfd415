"""The vote: one button, one answer, the tally swapped in place or the page shown again."""

from forum.domain import ideas, votes
from forum.domain.errors import Invalid
from forum.web import tallies
from forum.web.render import Answer, Redirect
from forum.web.visits import Visit

_SAID = {
    votes.FOR: "Your vote for this idea counts.",
    votes.AGAINST: "Your vote against this idea counts.",
    votes.NONE: "Your vote is taken back.",
}

ASIDE = "Your vote is kept, but it was set aside. It does not count now."


def cast(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/vote with value 1, -1 or 0."""
    try:
        value = int(visit.form.get("value"))
    except ValueError:
        raise Invalid({"value": "A vote is for, against, or taken back."}) from None
    tally = votes.cast(visit.db, visit.user, idea_id, value)
    said = ASIDE if tally.is_aside else _SAID[value]
    if visit.is_htmx:
        answer = tallies.answer(tally, said)
        if f"/ideas/{idea_id}-" in visit.headers.get("hx-current-url", ""):  # its own page says who voted
            idea = ideas.get(visit.db, visit.user, idea_id)
            return tallies.with_voters(answer, idea)
        return answer
    visit.say(said)
    return Redirect(visit.then(default=f"/ideas/{idea_id}") + f"#idea-{idea_id}")


def show(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/vote: a bookmark of the vote's address leads to the idea."""
    return Redirect(ideas.get(visit.db, visit.user, idea_id).path)
