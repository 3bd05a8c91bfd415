"""Starts the site on this machine for a person to look at: database, demo where there is nothing yet, server.

All in one process, so that a second start is quick. PORT (8000) and the FORUM_* variables are honored.
"""

import os
import socket
import sys

HOST = "127.0.0.1"


def port() -> int:
    """The port to use. Raises SystemExit with plain words when PORT is no port number or is taken."""
    wish = os.environ.get("PORT") or "8000"
    if not wish.isascii() or not wish.isdigit() or not 0 < int(wish) < 65536:
        raise SystemExit(f"PORT is {wish!r}. It must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(wish)))
        except PermissionError:
            raise SystemExit(f"You may not use port {wish}. Choose one above 1023: PORT=8001 make run") from None
        except OSError:
            raise SystemExit(
                f"Port {wish} is in use. Stop what uses it, or choose another: PORT=8001 make run"
            ) from None
    return int(wish)


def main() -> None:
    """Make the database ready, fill it with the demo if it is empty, say where to look, and serve until stopped."""
    number = port()
    sys.dont_write_bytecode = False  # the second start shall be quicker than the first, wherever this is run
    os.environ.setdefault("FORUM_BASE_URL", f"http://{HOST}:{number}")
    # Only now, since these take most of the time, and a wrong port shall be told at once.
    from forum.later import loading

    with loading():
        from forum.cli import app
        from forum.cli.base import reading
        from forum.cli.contents import tell_sign_ins
        from forum.cli.troubles import in_plain_words
        from forum.domain.demo import presence

    with in_plain_words():
        app(["migrate"], standalone_mode=False)
        with reading() as db:
            is_empty, is_demo = presence.is_empty(db), presence.is_loaded(db)
        if is_empty:
            app(["demo"], standalone_mode=False)
        elif is_demo:  # somebody's own forum stays as it is
            print("The demo is in. You can sign in as:")
            tell_sign_ins()
        print(f"\nOpen http://{HOST}:{number} in your browser. Press Ctrl+C here to stop.\n", flush=True)
        app(["serve", "--host", HOST, "--port", str(number)], standalone_mode=False)


if __name__ == "__main__":
    main()
