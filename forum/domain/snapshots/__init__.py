"""Snapshots: a ranking frozen for good, numbered, sealed and signed, and checked by anybody at any time."""

from forum.domain.snapshots.acts import MOST, SnapshotFields, create
from forum.domain.snapshots.checks import Check, Report, verify
from forum.domain.snapshots.files import FORMATS, download, formats_of, hidden_count, keep, kept, make, wanting
from forum.domain.snapshots.views import PAGE, Fate, FrozenIdea, SnapshotView, content, get, ideas, listing, words

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
