"""Settings: one frozen record, read from FORUM_* environment variables once, at start."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How this site is set up. Every field has a FORUM_* variable of the same name."""

    database_url: str = "sqlite:///data/forum.db"
    secret: str = ""
    base_url: str = "http://127.0.0.1:8000"
    site_name: str = "Open Government Forum"
    mail_url: str = ""  # smtp://user:password@host:port ; empty: mails are written to mail_folder
    mail_from: str = "forum@localhost"
    mail_folder: Path = Path("data/mail")
    data: Path = Path("data")
    trusted_proxies: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read FORUM_* variables. Without FORUM_SECRET a secret is made once and kept in the data folder."""
        data = Path(environ.get("FORUM_DATA", "data"))
        return cls(
            database_url=environ.get("FORUM_DATABASE_URL") or f"sqlite:///{data}/forum.db",
            secret=environ.get("FORUM_SECRET") or _kept_secret(data / "secret"),
            base_url=environ.get("FORUM_BASE_URL", cls.base_url).rstrip("/"),
            site_name=environ.get("FORUM_SITE_NAME", cls.site_name),
            mail_url=environ.get("FORUM_MAIL_URL", ""),
            mail_from=environ.get("FORUM_MAIL_FROM", cls.mail_from),
            mail_folder=Path(environ.get("FORUM_MAIL_FOLDER") or data / "mail"),
            data=data,
            trusted_proxies=tuple(p.strip() for p in environ.get("FORUM_TRUSTED_PROXIES", "").split(",") if p.strip()),
        )


def _kept_secret(path: Path) -> str:
    """The secret in this file, made if there is none. Of processes that start at once one makes it for all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # readable by its owner alone
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)  # never replaces a file that is there
        Path(name).unlink()
    return path.read_text().strip()
