"""The command that puts the demo into the forum."""

from forum.cli.base import opened, reading, say, writing
from forum.domain.demo import presence
from forum.settings import Settings
from forum.signing import Signer


def demo() -> None:
    """Fill an empty database with the demo: the Open Government Dialogue of 2009, retold.

    Does nothing where the demo is already.
    """
    with reading() as db:
        if presence.is_loaded(db):
            say("The demo is here already. Nothing was changed.")
            return
    # Here: nearly the whole domain, for what is done once in the life of a forum.
    from forum.domain import themes
    from forum.domain.demo import loading
    from forum.domain.exports import Origin

    settings = Settings.from_env()
    seal = Signer(settings.secret), Origin(settings.site_name, settings.base_url)
    with writing() as db:
        content = loading.load(db, seal=seal)
    with opened() as database:
        themes.make(database)  # a worker would do it within half an hour; a visitor looks at once
    say(f"Loaded {len(content.ideas)} ideas in {len(content.communities)} communities. You can sign in as:")
    tell_sign_ins()


def tell_sign_ins() -> None:
    """Say with which accounts one can look at the demo."""
    password, accounts = presence.sign_ins()
    for account in accounts:
        say(f"  {account.kind:<18} {account.email}")
    say(f"The password of each is: {password}")
