"""Commands that put things into the forum and take them out: demo, import, export."""

from contextlib import suppress

from forum.cli.base import opened, say, writing
from forum.domain import consensus, themes
from forum.domain.demo import loading
from forum.domain.errors import Conflict
from forum.domain.exports import Origin
from forum.settings import Settings
from forum.signing import Signer


def demo() -> None:
    """Fill an empty database with the demo: the Open Government Dialogue of 2009, retold.

    Does nothing where the demo is already.
    """
    settings = Settings.from_env()
    seal = Signer(settings.secret), Origin(settings.site_name, settings.base_url)
    with writing() as db:
        if loading.is_loaded(db):
            say("The demo is here already. Nothing was changed.")
            return
        content = loading.load(db, seal=seal)
    with opened() as database:
        themes.make(database)  # a worker would do both within half an hour; a visitor looks at once
        with suppress(Conflict):  # a worker was quicker
            consensus.compute(database)
    say(f"Loaded {len(content.ideas)} ideas in {len(content.communities)} communities. You can sign in as:")
    for person in content.sign_ins:
        say(f"  {person.sign_in:<18} {person.email}")
    say(f"The password of each is: {content.password}")
