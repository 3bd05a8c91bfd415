"""Waves: organized surges, found while they rise, shown as one case each, and settled in one act."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.actions import NOTE_LENGTH
    from forum.domain.waves.acts import (
        ACTIONS,
        CHOICES,
        Done,
        WaveFields,
        decide,
        of_act,
        put_back,
        put_on_track,
        standing_act,
        take_back,
        undone_act,
        why_not,
    )
    from forum.domain.waves.echoes import forget as forget_comments
    from forum.domain.waves.echoes import look_at_new as look_at_comments
    from forum.domain.waves.findings import join_held
    from forum.domain.waves.prints import Seen, forget, look, note, note_again
    from forum.domain.waves.records import (
        STATES,
        Numbers,
        WaveView,
        about_case,
        acts_on,
        get,
        index,
        members,
        numbers,
        open_case,
        path,
        path_of,
        preview,
        senders,
        title_of,
    )
    from forum.domain.waves.sketches import of as sketch
    from forum.domain.waves.watch import look as look_within
    from forum.domain.waves.watch import look_at_new
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.actions": "NOTE_LENGTH",
            "forum.domain.waves.acts": (
                "ACTIONS CHOICES Done WaveFields decide of_act put_back put_on_track standing_act take_back"
                " undone_act why_not"
            ),
            "forum.domain.waves.echoes:forget": "forget_comments",
            "forum.domain.waves.echoes:look_at_new": "look_at_comments",
            "forum.domain.waves.findings": "join_held",
            "forum.domain.waves.prints": "Seen forget look note note_again",
            "forum.domain.waves.records": (
                "STATES Numbers WaveView about_case acts_on get index members numbers open_case path path_of preview"
                " senders title_of"
            ),
            "forum.domain.waves.sketches:of": "sketch",
            "forum.domain.waves.watch:look": "look_within",
            "forum.domain.waves.watch": "look_at_new",
        },
    )

__all__ = [
    "ACTIONS",
    "CHOICES",
    "NOTE_LENGTH",
    "STATES",
    "Done",
    "Numbers",
    "Seen",
    "WaveFields",
    "WaveView",
    "about_case",
    "acts_on",
    "decide",
    "forget",
    "forget_comments",
    "get",
    "index",
    "join_held",
    "look",
    "look_at_comments",
    "look_at_new",
    "look_within",
    "members",
    "note",
    "note_again",
    "numbers",
    "of_act",
    "open_case",
    "path",
    "path_of",
    "preview",
    "put_back",
    "put_on_track",
    "senders",
    "sketch",
    "standing_act",
    "take_back",
    "title_of",
    "undone_act",
    "why_not",
]
