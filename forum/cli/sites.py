"""Commands that run the site: serve, worker, migrate."""

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from forum import schema
from forum.cli.base import fail, opened, say
from forum.db import Database
from forum.later import loading
from forum.settings import Settings

if TYPE_CHECKING:
    from forum.app import Forum

GRACE_SECONDS = 20


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="How many server processes.", min=1)] = 1,
    worker: Annotated[bool, typer.Option(help="With one process: also send mail and do what waits.")] = True,
) -> None:
    """Serve the site.

    One process also does the work of the worker. With several, run `forum worker` beside them.
    """
    with opened() as database:
        _refuse_other_versions(database)
    with loading():
        import uvicorn  # here and below: the other commands need nothing of the site and start sooner without it

        target = "forum.cli.sites:served" if workers > 1 else _site(with_worker=worker)
    uvicorn.run(
        target,
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers if workers > 1 else None,
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        loop="uvloop",
        http="httptools",
        server_header=False,
        access_log=False,
    )


def _refuse_other_versions(database: Database) -> None:
    with database.reading() as db:
        if not schema.is_current(db):
            fail("The database is not on the version of this program. Make a backup, then run: forum migrate")


def served() -> "Forum":
    """The application of one of several server processes."""
    with loading():
        return _site(with_worker=False)


def _site(*, with_worker: bool) -> "Forum":
    from forum.app import create_app

    return create_app(with_worker=with_worker)


def worker() -> None:
    """Do the work that waits: notifications, mail, housekeeping.

    Runs until it is stopped, and then finishes what is in hand.
    """
    from forum.jobs.worker import Worker

    with opened() as database:
        _refuse_other_versions(database)
        hand = Worker(database, Settings.from_env())
        for wish in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wish, lambda *_: hand.stop())
        hand.run()


def migrate() -> None:
    """Bring the database up to date, or make it if there is none."""
    with opened() as database:
        schema.migrate(database)
    say("The database is up to date.")
