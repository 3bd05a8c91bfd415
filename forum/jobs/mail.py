"""Mail goes out: claimed under a lease, handed to an SMTP server or written to a folder, and marked as sent.

A folder gets each mail once, also when a worker dies in the middle: the file's name is the mail's own. With SMTP, a
worker that dies between the server's yes and our note sends again, under the same Message-ID, by which mail programs
know a mail that they have.
"""

import hashlib
import os
import re
import smtplib
import ssl
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from forum import clock
from forum.db import Database
from forum.domain import mails
from forum.domain.mails import Claimed
from forum.jobs import letters
from forum.logs import Log
from forum.settings import Settings

LOG = Log("forum.mail")
TIMEOUT_SECONDS = 20.0
LEAST_LEASE = timedelta(seconds=90)  # a mail whose lease ends sooner is not begun
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@\x00-\x1f\x7f]{1,64}@[^\s<>,;:\"()\[\]\\@\x00-\x1f\x7f]{1,255}")


class Refused(Exception):
    """The mail will never be taken: trying again is no use."""


class Sender(Protocol):
    """Where mails go."""

    def send(self, mail: Claimed, message: EmailMessage) -> None:
        """Hand it over. Refused when it is no use; OSError or SMTPException when it may work later."""

    def close(self) -> None:
        """Let go of what was opened."""


def send_due(database: Database, settings: Settings) -> int:
    """Send what is due; say how many mails were handled, sent or not."""
    with database.reading() as db:
        if not mails.has_due(db):
            return 0
    claimed = database.write(mails.claim)
    sender = sender_for(settings)
    try:
        trouble = ""
        for mail in claimed:
            trouble = _handle(database, settings, sender, mail, trouble)
    finally:
        sender.close()
    return len(claimed)


def _handle(database: Database, settings: Settings, sender: Sender, mail: Claimed, trouble: str) -> str:
    """Send one mail and write down what came of it. `trouble`: why nothing can be sent now; returned for the next."""
    if mail.due_at - clock.now() < LEAST_LEASE:
        database.write(lambda db: mails.give_back(db, mail))
        return trouble
    is_final = False
    reason = trouble
    if not trouble:
        try:
            sender.send(mail, compose(mail, settings))
        except Refused as error:
            reason, is_final = str(error), True
        except (OSError, smtplib.SMTPException) as error:
            reason = trouble = f"{type(error).__name__}: {error}"
    if reason:
        LOG.warning("mail not sent", mail_id=mail.id, attempts=mail.attempts, is_final=is_final, error=reason)
        database.write(lambda db: mails.failed(db, mail, reason, is_final=is_final))
    else:
        database.write(lambda db: mails.sent(db, mail.id))
    return trouble


def compose(mail: Claimed, settings: Settings) -> EmailMessage:
    """The mail as it goes out: plain text and HTML, marked as made by a machine. Refused for what is no address."""
    if not _ADDRESS.fullmatch(mail.recipient):
        raise Refused("This is not a mail address.")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(settings.site_name, addr_spec=settings.mail_from)
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{name_of(mail)}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    text, html = mail.text, mail.html
    if mail.is_optional and mail.user_id is not None:
        message["List-Unsubscribe"] = f"<{letters.unsubscribe_url(mail.user_id, settings)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        foot_text, foot_html = letters.foot(mail.user_id, settings)
        text = f"{text.rstrip()}\n\n{foot_text}"
        html = html.replace("</body>", f"{foot_html}</body>")
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def name_of(mail: Claimed) -> str:
    """A name that this mail has and no other: the same at every attempt, another one in another database."""
    made = f"{mail.id}:{mail.event}:{clock.to_microseconds(mail.created_at)}"
    return f"{mail.id:08d}.{hashlib.sha256(made.encode()).hexdigest()[:16]}"


def _host(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or "localhost"


def sender_for(settings: Settings) -> Sender:
    """The SMTP server of the settings, or the folder."""
    return SmtpServer(settings) if settings.mail_url else Folder(settings.mail_folder)


class Folder:
    """One .eml file a mail, there as a whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: Claimed, message: EmailMessage) -> None:
        """Write the file, unless an earlier attempt has."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name_of(mail)}.eml"
        if path.exists():
            return
        half = self._folder / f".{path.name}.{os.getpid()}"
        with half.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)

    def close(self) -> None:
        """Nothing is open."""


class SmtpServer:
    """One connection for a handful of mails, opened when the first is sent. TLS whenever the server offers it."""

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.mail_url)
        if url.scheme not in ("smtp", "smtps") or not url.hostname:
            raise ValueError("FORUM_MAIL_URL must look like smtp://user:password@host:port")
        self._host, self._is_tls = url.hostname, url.scheme == "smtps"
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")
        self._port = url.port or (465 if self._is_tls else 587 if self._user else 25)
        self._mail_from, self._our_name = settings.mail_from, _host(settings)
        self._server: smtplib.SMTP | None = None

    def send(self, mail: Claimed, message: EmailMessage) -> None:
        """Hand the mail to the server. What it says about this mail alone with a 5xx is final."""
        server = self._server or self._connect()
        try:
            server.send_message(message, self._mail_from, [mail.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = error.recipients[mail.recipient]
            self._judge(code, words)
        except smtplib.SMTPDataError as error:
            self._judge(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(str(error)) from None

    def _judge(self, code: int, words: bytes | str) -> None:
        said = f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
        if 500 <= code < 600:
            raise Refused(said)
        raise smtplib.SMTPResponseException(code, said)

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._host in LOOPBACK:  # a relay on this machine names itself; nobody sits in between
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, self._our_name, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, self._our_name, timeout=TIMEOUT_SECONDS)
        try:
            self._greet(server, context)
        except BaseException:
            server.close()
            raise
        self._server = server
        return server

    def _greet(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo_or_helo_if_needed()
        is_safe = self._is_tls or self._host in LOOPBACK
        if not self._is_tls and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            is_safe = True
        if self._user:
            if not is_safe:
                raise smtplib.SMTPException("The server offers no TLS, so we did not send it our password.")
            server.login(self._user, self._password)

    def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        if self._server is not None:
            try:
                self._server.quit()
            except (OSError, smtplib.SMTPException):
                self._server.close()
            self._server = None
