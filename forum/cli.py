"""The command `forum`: everything an operator does."""

import typer
import uvicorn

from forum import schema
from forum.app import create_app
from forum.db import Database
from forum.jobs.worker import Worker
from forum.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
GRACE_SECONDS = 20


@app.command()
def migrate() -> None:
    """Bring the database up to date; makes it if there is none."""
    schema.create(Settings.from_env().database_url)
    typer.echo("The database is up to date.")


@app.command()
def serve(host: str = "127.0.0.1", port: int = 8000, workers: int = 1, worker: bool = True) -> None:
    """Serve the site. One process also does the work of the worker, unless --no-worker."""
    target = "forum.cli:served" if workers > 1 else create_app(with_worker=worker)
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


def served() -> object:
    """The application of one of several server processes; run `forum worker` beside them."""
    return create_app()


@app.command()
def worker() -> None:
    """Do the work that waits: notifications, mail, housekeeping."""
    settings = Settings.from_env()
    Worker(Database(settings.database_url), settings).run()


def main() -> None:
    """Run the command."""
    app()
