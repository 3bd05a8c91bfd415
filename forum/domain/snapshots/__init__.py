"""Snapshots: a ranking frozen for good, numbered, sealed and signed, and checked by anybody at any time."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.snapshots.acts import MOST, SnapshotFields, create
    from forum.domain.snapshots.checks import Check, Report, verify
    from forum.domain.snapshots.files import FORMATS, download, formats_of, hidden_count, keep, kept, make, wanting
    from forum.domain.snapshots.views import PAGE, Fate, FrozenIdea, SnapshotView, content, get, ideas, listing, words
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.snapshots.acts": "MOST SnapshotFields create",
            "forum.domain.snapshots.checks": "Check Report verify",
            "forum.domain.snapshots.files": "FORMATS download formats_of hidden_count keep kept make wanting",
            "forum.domain.snapshots.views": "PAGE Fate FrozenIdea SnapshotView content get ideas listing words",
        },
    )

__all__ = [
    "FORMATS",
    "MOST",
    "PAGE",
    "Check",
    "Fate",
    "FrozenIdea",
    "Report",
    "SnapshotFields",
    "SnapshotView",
    "content",
    "create",
    "download",
    "formats_of",
    "get",
    "hidden_count",
    "ideas",
    "keep",
    "kept",
    "listing",
    "make",
    "verify",
    "wanting",
    "words",
]
