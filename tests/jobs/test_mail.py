"""Mail on its way out: what it says, where it goes, and what comes of a server that refuses, fails or dies."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Database
from forum.domain import mails
from forum.jobs import letters, mail
from forum.models import Mail
from forum.settings import Settings
from tests.making import Make


def write(database: Database, event: str = "event:1", **values: Any) -> None:
    fields = {"recipient": "ada@example.org", "subject": "Hello Ada", "text": "Hello.\n\nGoodbye.", **values}
    assert database.write(lambda db: mails.write(db, event=event, **fields))


def files(settings: Settings) -> list[EmailMessage]:
    paths = sorted(settings.mail_folder.iterdir())
    assert all(path.suffix == ".eml" and not path.name.startswith(".") for path in paths)
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]  # type: ignore[misc]


def words(message: EmailMessage, kind: str) -> str:
    """The plain or the HTML part, with simple line ends."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def state(database: Database) -> tuple[bool, int, str]:
    """Is it sent, after how many attempts, with what error?"""
    with database.reading() as db:
        row = db.execute(sa.select(Mail.sent_at, Mail.attempts, Mail.error)).one()
    return row.sent_at is not None, row.attempts, row.error


def test_without_a_server_each_mail_is_a_file(database: Database, settings: Settings) -> None:
    write(database, text="Grüße an alle.\n\nUnd Tschüß.")
    write(database, "event:2", recipient="bob@example.org")
    assert mail.send_due(database, settings) == 2
    assert mail.send_due(database, settings) == 0
    first, second = files(settings)
    assert (first["to"], first["subject"], second["to"]) == ("ada@example.org", "Hello Ada", "bob@example.org")
    assert first["from"] == "Open Government Forum <forum@localhost>"
    assert first["auto-submitted"] == "auto-generated"
    assert words(first, "plain") == "Grüße an alle.\n\nUnd Tschüß.\n"
    assert "<p>Grüße an alle.</p>" in words(first, "html")
    assert "list-unsubscribe" not in first


def test_a_worker_that_dies_after_writing_the_file_writes_no_second_one(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database)
    with monkeypatch.context() as patch:
        patch.setattr(mails, "sent", _killed)
        with pytest.raises(KeyboardInterrupt):
            mail.send_due(database, settings)
    assert len(files(settings)) == 1
    assert not state(database)[0]
    with time_machine.travel(now() + timedelta(hours=1)):
        mail.send_due(database, settings)
    assert len(files(settings)) == 1
    assert state(database) == (True, 2, "")


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_half_written_file_is_never_seen_as_a_mail(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database)
    with monkeypatch.context() as patch:
        patch.setattr(mail.Path, "replace", _killed)
        with pytest.raises(KeyboardInterrupt):
            mail.send_due(database, settings)
    assert [path for path in settings.mail_folder.iterdir() if path.suffix == ".eml" and path.name[0] != "."] == []


def test_another_database_never_takes_the_files_of_the_first_for_its_own(
    database: Database, settings: Settings
) -> None:
    write(database)
    (claimed,) = database.write(mails.claim)
    later = replace(claimed, created_at=claimed.created_at + timedelta(seconds=1))
    assert mail.name_of(claimed) == mail.name_of(claimed)
    assert len({mail.name_of(one) for one in (claimed, later, replace(claimed, event="event:2"))}) == 3


def test_a_mail_of_news_can_be_ended_with_one_click(database: Database, settings: Settings) -> None:
    person = database.write(lambda db: Make(db).user())
    write(database, user_id=person.id, is_optional=True)
    mail.send_due(database, settings)
    (message,) = files(settings)
    link = message["list-unsubscribe"].strip("<>")
    assert link.startswith("https://testserver/unsubscribe/")
    assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    text, html = words(message, "plain"), words(message, "html")
    for content in (text, html):
        assert "https://testserver/unsubscribe/" in content
        assert "https://testserver/me" in content
    assert text.startswith("Hello.\n\nGoodbye.\n\n-- \n")


def test_nothing_that_people_type_begins_a_header_line(database: Database, settings: Settings) -> None:
    write(database, subject="Hi\r\nBcc: all@example.org\r\n\r\n<b>", recipient="ada@example.org\nCc: b@example.org")
    write(database, "event:2", recipient="ada@example.org, all@example.org")
    write(database, "event:3", recipient="Ada <ada@example.org>")
    write(database, "event:4", subject="Hi\r\nBcc: all@example.org")
    evil = replace(settings, site_name="Forum\r\nBcc: all@example.org")
    with pytest.raises(ValueError, match="CR or LF"):
        mail.compose(_claimed(), evil)
    mail.send_due(database, settings)
    (message,) = files(settings)
    assert message["subject"] == "Hi Bcc: all@example.org"
    assert message["bcc"] is None
    with database.reading() as db:
        errors = db.execute(sa.select(Mail.error).order_by(Mail.id)).scalars().all()
    assert errors == ["This is not a mail address."] * 3 + [""]


def _claimed() -> mails.Claimed:
    return mails.Claimed(1, "e", None, "a@example.org", False, "s", "t", "<p>t</p>", now(), now(), 1)


def test_a_lease_that_is_nearly_over_is_not_used(database: Database, settings: Settings) -> None:
    write(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mails, "LEASE", timedelta(seconds=30))
        assert mail.send_due(database, settings) == 1
    assert not settings.mail_folder.exists()
    assert state(database) == (False, 0, "")


def test_a_full_disk_is_tried_again(database: Database, settings: Settings) -> None:
    write(database)
    settings.mail_folder.write_text("a file where the folder should be")
    mail.send_due(database, settings)
    is_sent, attempts, error = state(database)
    assert (is_sent, attempts) == (False, 1)
    assert "FileExistsError" in error
    settings.mail_folder.unlink()
    with time_machine.travel(now() + timedelta(minutes=2)):
        mail.send_due(database, settings)
    assert state(database) == (True, 2, "")


def test_the_words_of_a_notification_come_what_happened_first() -> None:
    settings = Settings(secret="s", base_url="https://forum.example")
    telling = letters.Telling("e", "k", "Ada commented on “<b>Trails</b>”", "/comments/7")
    text, html = letters.notification(
        telling, "Ada writes:\n\nLook & see\n<i>here</i>", "you follow this idea", settings
    )
    assert text.splitlines()[0] == "Ada commented on “<b>Trails</b>”."
    assert "Look & see\n<i>here</i>" in text
    assert "https://forum.example/comments/7" in text
    assert "Ada commented on “&lt;b&gt;Trails&lt;/b&gt;”." in html
    assert "<p>Look &amp; see<br>&lt;i&gt;here&lt;/i&gt;</p>" in html
    assert '<a href="https://forum.example/comments/7">Read it here</a>' in html


# An SMTP server of a few lines, which says what a test wants it to say.


@dataclass
class Mailbox:
    """What a server got, and what it answers: command → answer, instead of the usual."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class _Talk(socketserver.StreamRequestHandler):
    box: Mailbox

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say(self.box.answers.get("greeting", "220 here"))
        recipients: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            self.box.commands.append(line)
            answer = self.box.answers.get(verb, "250 fine")
            if verb == "MAIL":
                recipients = []
            if verb == "RCPT":
                answer = next((said for name, said in self.box.answers.items() if name in line), answer)
                recipients.append(line.partition("<")[2].partition(">")[0])
            if verb == "DATA" and answer.startswith("250"):
                self._take(recipients)
                recipients = []
                answer = self.box.answers.get("end", "250 taken")
            if verb == "QUIT":
                self.say("221 bye")
                return
            if answer == "hang up":
                return
            self.say(answer)

    def _take(self, recipients: list[str]) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        if "end" not in self.box.answers:
            self.box.mails.append((recipients, message))  # type: ignore[arg-type]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    talk = type("Talk", (_Talk,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), talk) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield box
        server.shutdown()
        thread.join()


@pytest.fixture
def by_smtp(settings: Settings, mailbox: Mailbox) -> Settings:
    return replace(settings, mail_url=f"smtp://127.0.0.1:{mailbox.port}")


def test_with_a_server_mails_go_to_it_over_one_connection(
    database: Database, by_smtp: Settings, mailbox: Mailbox
) -> None:
    for number in range(3):
        write(database, f"event:{number}", recipient=f"person{number}@example.org")
    assert mail.send_due(database, by_smtp) == 3
    assert [recipients for recipients, _ in mailbox.mails] == [[f"person{number}@example.org"] for number in range(3)]
    assert len({message["message-id"] for _, message in mailbox.mails}) == 3
    assert sum(line.startswith(("EHLO", "ehlo")) for line in mailbox.commands) == 1
    assert mailbox.commands[-1] in ("QUIT", "quit")
    assert words(mailbox.mails[0][1], "plain") == "Hello.\n\nGoodbye.\n"


@pytest.mark.parametrize(
    "answers, is_final, said",
    [
        ({"ada@": "550 no such person"}, True, "550 no such person"),
        ({"end": "554 we do not like it"}, True, "554 we do not like it"),
        ({"ada@": "451 come back later"}, False, "451 come back later"),
        ({"end": "452 no room"}, False, "452 no room"),
        ({"MAIL": "550 not from you"}, False, "550"),
        ({"greeting": "421 busy"}, False, "421"),
        ({"DATA": "hang up"}, False, "SMTPServerDisconnected"),
    ],
)
def test_what_a_server_says_decides_whether_we_try_again(
    database: Database, by_smtp: Settings, mailbox: Mailbox, answers: dict[str, str], is_final: bool, said: str
) -> None:
    mailbox.answers = answers
    write(database)
    mail.send_due(database, by_smtp)
    is_sent, attempts, error = state(database)
    assert (is_sent, attempts) == (False, 1)
    assert said in error
    mailbox.answers = {}
    with time_machine.travel(now() + timedelta(hours=1)):
        mail.send_due(database, by_smtp)
    assert len(mailbox.mails) == (0 if is_final else 1)
    assert state(database)[0] is not is_final


def test_one_refused_person_does_not_keep_mail_from_the_next(
    database: Database, by_smtp: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers = {"ada@": "550 no such person"}
    write(database)
    write(database, "event:2", recipient="bob@example.org")
    mail.send_due(database, by_smtp)
    assert [recipients for recipients, _ in mailbox.mails] == [["bob@example.org"]]


def test_a_dead_server_is_asked_once_a_round(database: Database, settings: Settings, mailbox: Mailbox) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as closed:
        port = closed.server_address[1]
    for number in range(5):
        write(database, f"event:{number}")
    calls = []
    dead = replace(settings, mail_url=f"smtp://127.0.0.1:{port}")
    with pytest.MonkeyPatch.context() as patch:
        connect = mail.SmtpServer._connect
        patch.setattr(mail.SmtpServer, "_connect", lambda self: (calls.append(1), connect(self))[1])
        assert mail.send_due(database, dead) == 5
    assert len(calls) == 1
    with database.reading() as db:
        assert set(db.execute(sa.select(Mail.error)).scalars()) == {
            "ConnectionRefusedError: [Errno 111] Connection refused"
        }


def test_a_second_try_after_an_unheard_yes_carries_the_same_message_id(
    database: Database, by_smtp: Settings, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database)
    with monkeypatch.context() as patch:
        patch.setattr(mails, "sent", _killed)
        with pytest.raises(KeyboardInterrupt):
            mail.send_due(database, by_smtp)
    with time_machine.travel(now() + timedelta(hours=1)):
        mail.send_due(database, by_smtp)
    first, second = (message for _, message in mailbox.mails)
    assert first["message-id"] == second["message-id"]
    assert first["date"] == second["date"]


def test_a_password_goes_to_no_server_without_tls(settings: Settings) -> None:
    outside = mail.SmtpServer(replace(settings, mail_url="smtp://ada:secret@mail.example:25"))

    class Plain:
        def ehlo_or_helo_if_needed(self) -> None: ...

        def has_extn(self, name: str) -> bool:
            return False

        def login(self, *_: object) -> None:
            raise AssertionError("the password was sent")

    with pytest.raises(mail.smtplib.SMTPException, match="no TLS"):
        outside._greet(Plain(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url, port", [("smtp://h", 25), ("smtp://u:p@h", 587), ("smtps://u:p@h", 465), ("smtp://u:p@h:2525", 2525)]
)
def test_ports_are_the_usual_ones_unless_named(settings: Settings, url: str, port: int) -> None:
    assert mail.SmtpServer(replace(settings, mail_url=url))._port == port


def test_an_address_that_is_none_is_told_at_once(settings: Settings) -> None:
    with pytest.raises(ValueError, match="FORUM_MAIL_URL"):
        mail.SmtpServer(replace(settings, mail_url="mail.example.org:25"))
