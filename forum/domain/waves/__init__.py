"""Waves: organized surges, found while they rise, shown as one case each, and settled in one act."""

from forum.domain.waves.acts import ACTIONS, Done, WaveFields, decide, put_on_track, take_back
from forum.domain.waves.findings import join_held
from forum.domain.waves.prints import Seen, forget, look, note, note_again
from forum.domain.waves.records import (
    STATES,
    WaveView,
    about_case,
    acts,
    get,
    index,
    members,
    numbers,
    open_case,
    path,
    preview,
    senders,
)
from forum.domain.waves.watch import look_at_new

__all__ = [
    "ACTIONS",
    "STATES",
    "Done",
    "Seen",
    "WaveFields",
    "WaveView",
    "about_case",
    "acts",
    "decide",
    "forget",
    "get",
    "index",
    "join_held",
    "look",
    "look_at_new",
    "members",
    "note",
    "note_again",
    "numbers",
    "open_case",
    "path",
    "preview",
    "put_on_track",
    "senders",
    "take_back",
]
