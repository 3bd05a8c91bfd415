"""Tasks: what a worker does about each kind of message of the outbox, in one transaction, safe to repeat."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from forum.clock import now, to_microseconds
from forum.db import Connection
from forum.domain import audiences, communities, founding, mails, merges, notifications, outbox, similar
from forum.domain.audiences import Place, Recipient, Source, Subject
from forum.domain.ideas import STATUSES, reference
from forum.domain.notifications import Telling
from forum.domain.outbox import Message
from forum.jobs import dispositions, letters
from forum.settings import Settings
from forum.text.plains import excerpt

Task = Callable[[Connection, Message, Settings], None]
MOST_WORDS = 400  # characters of a comment in a mail


@dataclass(frozen=True, slots=True)
class News:
    """An event in words: what the list of notifications says, what the mail adds, why this person gets it."""

    telling: Telling
    reason: str
    mail_text: str = ""


def idea_posted(db: Connection, message: Message, settings: Settings) -> None:
    """A new idea: its community's, tags' and agencies' followers hear of it."""
    idea = audiences.idea(db, message.payload["idea_id"], ("published",))
    if idea is None:
        return
    if "source" not in message.payload:
        similar.look_later(db, idea.id - 1, idea.id)
    name = idea.community.name
    telling = Telling(f"idea:{idea.id}", message.kind, f"New idea: “{idea.title}”", idea.path, f"In {name}.")
    news = News(telling, f"you follow {name}, or a tag or an agency of this idea", f"In {name}:\n\n{idea.excerpt}")
    _spread(db, message, settings, idea, audiences.sources_of_new(db, idea), news, never=idea.author_id)


def idea_commented(db: Connection, message: Message, settings: Settings) -> None:
    """A comment: whom it answers, and the idea's followers. Nobody hears of one comment twice."""
    comment = audiences.comment(db, message.payload["comment_id"])
    idea = audiences.idea(db, comment.idea_id) if comment is not None else None
    if comment is None or idea is None:
        return
    event, url, who = f"comment:{comment.id}", f"/comments/{comment.id}", comment.author_name
    words = excerpt(comment.body, MOST_WORDS)
    speaks = f"{who} writes" + (f" for {comment.agency_name}" if comment.agency_name else "")
    mail_text = f"{speaks}:\n\n{words}"
    if comment.answered_id is not None and "source" not in message.payload:
        title = f"{who} answered your comment on “{idea.title}”"
        news = News(Telling(event, "comment.replied", title, url), "you wrote the comment that it answers", mail_text)
        _tell(db, settings, audiences.recipients(db, [comment.answered_id], idea, never=comment.author_id), news)
    kind, title = message.kind, f"{who} commented on “{idea.title}”"
    if comment.is_official:
        kind, title = "comment.official", f"Official comment on “{idea.title}”"
    text = f"By {who}" + (f", {comment.agency_name}." if comment.agency_name else ".") if comment.is_official else ""
    news = News(Telling(event, kind, title, url, text), "you follow this idea", mail_text)
    _spread(db, message, settings, idea, [("idea", idea.id)], news, never=comment.author_id)


def idea_status_changed(db: Connection, message: Message, settings: Settings) -> None:
    """What became of an idea: its followers hear of it, with the note in full."""
    change = audiences.status_change(db, message.payload["change_id"])
    idea = audiences.idea(db, change.idea_id) if change is not None else None
    if change is None or idea is None:
        return
    label = STATUSES.get(change.status, change.status)
    title = f"{label}: “{idea.title}”"
    telling = Telling(f"status:{change.id}", message.kind, title, idea.path, excerpt(change.note, 300))
    news = News(telling, "you follow this idea", change.note)
    _spread(db, message, settings, idea, [("idea", idea.id)], news, never=change.by_id)


def idea_withdrawn(db: Connection, message: Message, settings: Settings) -> None:
    """The author took an idea back: its followers hear that, and no more of its words."""
    idea = audiences.idea(db, message.payload["idea_id"], ("withdrawn",))
    if idea is None:
        return
    title = f"The author withdrew idea {reference(idea.id)}"
    telling = Telling(f"withdrawn:{idea.id}", message.kind, title, idea.path, "Its page says why.")
    news = News(telling, "you follow this idea", "Its page says why. The comments stay there.")
    _spread(db, message, settings, idea, [("idea", idea.id)], news, never=message.payload["by_id"])


def idea_moved(db: Connection, message: Message, settings: Settings) -> None:
    """An idea went to another community: its author and its followers hear where it is."""
    idea = audiences.idea(db, message.payload["idea_id"])
    if idea is None:
        return
    # The ids of messages are used again; an event needs a name that never is.
    event = message.payload.get("event") or f"moved:{idea.id}:{to_microseconds(now())}"
    message = replace(message, payload={**message.payload, "event": event})
    title = f"Moved to {idea.community.name}: “{idea.title}”"
    text = "Votes, comments and address stay."
    news = News(Telling(event, message.kind, title, idea.path, text), "you follow this idea", text)
    if "source" not in message.payload:
        by_id = message.payload["by_id"]
        mine = News(news.telling, "it is your idea", text)
        _tell(db, settings, audiences.recipients(db, [idea.author_id], idea, never=by_id), mine)
    _spread(db, message, settings, idea, [("idea", idea.id)], news, never=message.payload["by_id"])


def community_decided(db: Connection, message: Message, settings: Settings) -> None:
    """A proposed community was opened or declined: its proposer hears it, with the note."""
    place = communities.load(db, message.payload["community_id"])
    if place.proposed_by_id is None or place.status not in ("open", "declined"):
        return
    is_open = place.status == "open"
    title = f"Your community “{place.name}” is open" if is_open else f"We did not open your community “{place.name}”"
    telling = Telling(f"community:{place.id}", message.kind, title, f"/c/{place.slug}", message.payload["note"])
    recipients = audiences.recipients(db, [place.proposed_by_id], None, never=message.payload["by_id"])
    _tell(db, settings, recipients, News(telling, "you proposed this community", message.payload["note"]))


def people_told(db: Connection, message: Message, settings: Settings) -> None:
    """What concerns some people themselves: an outcome, a decision (notifications.later)."""
    told = message.payload
    telling = Telling(told["event"], told["kind"], told["title"], told["url"], told["text"])
    reason = told["reason"] or "it is about what you did here"
    _tell(db, settings, audiences.recipients(db, told["user_ids"], None), News(telling, reason, told["text"]))


def visibility_changed(db: Connection, message: Message, settings: Settings) -> None:
    """A community is seen by others than before: its ideas follow, some thousand in a transaction."""
    community_id = message.payload["community_id"]
    following = founding.follow_visibility(db, community_id, message.payload["after_id"])
    if following is not None:
        outbox.add(db, message.kind, community_id=community_id, after_id=following)


def merge_asked(db: Connection, message: Message, settings: Settings) -> None:
    """A merge was put to the author: who voted for or follows that idea may keep their vote out."""
    merge = merges.brief(db, message.payload["merge_id"])
    absorbed, target = _both(db, merge, ("published", "off-topic"))
    if absorbed is None or target is None or merge.stage != "asked":
        return
    title = f"“{absorbed.title}” may be merged into “{target.title}”"
    text = "Its author was asked. Your vote would count there, once. You can keep it out."
    news = News(Telling(f"merge:{merge.id}:told", message.kind, title, f"/merges/{merge.id}", text), _VOTED, text)
    _spread(db, message, settings, absorbed, _supporters(absorbed.id), news, never=message.payload["by_id"])


def merge_performed(db: Connection, message: Message, settings: Settings) -> None:
    """Two ideas became one: who voted on or follows the one that went, and the author of the one that stays."""
    merge = merges.brief(db, message.payload["merge_id"])
    merges.sweep(db, merge.absorbed_id)
    absorbed, target = _both(db, merge, ("merged",))
    if absorbed is None or target is None or merge.stage != "merged":
        return
    title = f"“{absorbed.title}” is a part of “{target.title}” now"
    text = "The two ideas were merged. Everybody counts once. You can keep your vote out, also later."
    telling = Telling(f"merge:{merge.id}:done", message.kind, title, f"/merges/{merge.id}", text)
    if "source" not in message.payload:
        mine = News(telling, "it is your idea", text)
        _tell(db, settings, audiences.recipients(db, [target.author_id, absorbed.author_id], target), mine)
    news = News(telling, _VOTED, text)
    _spread(db, message, settings, target, _supporters(absorbed.id), news, never=None)


def merge_undone(db: Connection, message: Message, settings: Settings) -> None:
    """A merge was taken back: who voted on or follows the idea that stands by itself again."""
    merge = merges.brief(db, message.payload["merge_id"])
    absorbed, _ = _both(db, merge, ("published", "off-topic"))
    if absorbed is None or merge.stage != "undone":
        return
    title = f"“{absorbed.title}” stands by itself again"
    text = "A merge was undone. Your vote is back where you gave it."
    telling = Telling(f"merge:{merge.id}:undone", message.kind, title, absorbed.path, text)
    if "source" not in message.payload:
        mine = News(telling, "it is your idea", text)
        _tell(db, settings, audiences.recipients(db, [absorbed.author_id], absorbed), mine)
    news = News(telling, _VOTED, text)
    _spread(db, message, settings, absorbed, _supporters(absorbed.id), news, never=message.payload["by_id"])


def idea_split(db: Connection, message: Message, settings: Settings) -> None:
    """A part became an idea of its own: its author, and who voted on or follows the original."""
    split = merges.brief_split(db, message.payload["split_id"])
    idea, part = audiences.idea(db, split.idea_id), audiences.idea(db, split.new_id)
    if idea is None or part is None:
        return
    title = f"A part of “{idea.title}” is an idea of its own now: “{part.title}”"
    text = "Your vote stays with the original. You can vote on the part as well."
    telling, by_id = Telling(f"split:{split.id}", message.kind, title, part.path, text), message.payload["by_id"]
    if "source" not in message.payload:
        mine = News(telling, "it is your idea", text)
        _tell(db, settings, audiences.recipients(db, [idea.author_id], part, never=by_id), mine)
    _spread(db, message, settings, part, _supporters(idea.id), News(telling, _VOTED, text), never=by_id)


def threads_moved(db: Connection, message: Message, settings: Settings) -> None:
    """Comments stand in another community than before: the search follows, some at a time."""
    idea_id = message.payload["idea_id"]
    following = merges.index_threads(db, idea_id, after=message.payload.get("after", 0))
    if following is not None:
        outbox.add(db, message.kind, idea_id=idea_id, after=following)


_VOTED = "you voted on this idea, or you follow it"


def _supporters(idea_id: int) -> list[Source]:
    return [("voters", idea_id), ("idea", idea_id)]


def _both(db: Connection, merge: merges.Brief, states: tuple[str, ...]) -> tuple[Subject | None, Subject | None]:
    """The idea that goes, in one of these states, and the one that stays."""
    return audiences.idea(db, merge.absorbed_id, states), audiences.idea(db, merges.top(db, merge.target_id))


def ideas_arrived(db: Connection, message: Message, settings: Settings) -> None:
    """New ideas, posted or imported: those that repeat another go before a moderator, a few in a transaction."""
    until = message.payload["until_id"]
    following = similar.likely_duplicates(db, message.payload["after_id"], until)
    if following is not None and following < until:
        similar.look_later(db, following, until, wait=similar.PAUSE)


def _spread(
    db: Connection,
    message: Message,
    settings: Settings,
    idea: Subject,
    sources: Sequence[Source],
    news: News,
    *,
    never: int | None,
) -> None:
    """Tell the next batch of followers; a message for the batch after it is written in the same transaction."""
    place = Place(message.payload.get("source", 0), message.payload.get("after", 0))
    user_ids, following = audiences.batch(db, sources, place)
    _tell(db, settings, audiences.recipients(db, user_ids, idea, never=never), news)
    if following is not None:
        outbox.add(db, message.kind, **{**message.payload, "source": following.source, "after": following.after})


def _tell(db: Connection, settings: Settings, recipients: Collection[Recipient], news: News) -> None:
    """Notifications for all, and a mail for those who want one; nothing for those who have been told already."""
    telling = news.telling
    told = notifications.tell(db, [one.person.id for one in recipients], telling)
    addressed = [one for one in recipients if one.address and one.person.id in told]
    if not addressed:
        return
    text, html = letters.notification(telling, news.mail_text, news.reason, settings)
    shared = mails.row(event="", recipient="", subject=telling.title, text=text, html=html, is_optional=True)
    mails.write_many(
        db,
        [
            {
                **shared,
                "event": f"{telling.event}:user:{one.person.id}",
                "recipient": one.address,
                "user_id": one.person.id,
            }
            for one in addressed
        ],
    )


TASKS: dict[str, Task] = {
    "idea.posted": idea_posted,
    "idea.commented": idea_commented,
    "idea.status_changed": idea_status_changed,
    "idea.withdrawn": idea_withdrawn,
    "idea.moved": idea_moved,
    "idea.split": idea_split,
    "idea.threads_moved": threads_moved,
    "merge.asked": merge_asked,
    "merge.performed": merge_performed,
    "merge.undone": merge_undone,
    "ideas.arrived": ideas_arrived,
    "community.decided": community_decided,
    "people.told": people_told,
    "dispositions.published": dispositions.published,
    "community.visibility_changed": visibility_changed,
}
"""Kind of message → what to do, in one transaction with its removal from the outbox; safe to repeat."""
