"""Tells people what became of their ideas: one message a person for all of them, some people in a transaction."""

from forum.db import Connection
from forum.domain import directives, mails, notifications, outbox
from forum.domain.outbox import Message
from forum.jobs import letters
from forum.settings import Settings

REASON = "you wrote, voted for or follow one of these ideas"


def published(db: Connection, message: Message, settings: Settings) -> None:
    """The next people of a publication; a message for those after them is written in the same transaction."""
    told = message.payload
    found, following = directives.batch(db, told["directive_id"], told["publication"], told.get("after", 0))
    rows = []
    for one in found:
        person, telling = one.recipient.person, one.telling
        if person.id not in notifications.tell(db, [person.id], telling) or not one.recipient.address:
            continue
        text, html = letters.notification(telling, one.mail_text, REASON, settings)
        event = f"{telling.event}:user:{person.id}"
        row = mails.row(event=event, recipient=one.recipient.address, subject=telling.title, text=text, html=html)
        rows.append({**row, "user_id": person.id, "is_optional": True})
    if rows:
        mails.write_many(db, rows)
    if following is not None:
        outbox.add(db, message.kind, **{**told, "after": following})
