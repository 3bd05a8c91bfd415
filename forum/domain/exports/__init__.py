"""Exports: rankings as CSV, JSON, spreadsheets and documents; nothing half-written is ever left."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.exports.files import Origin, chunks, write
    from forum.domain.exports.kinds import KINDS, Kind, too_many
    from forum.domain.exports.orders import forget
    from forum.domain.exports.streams import Chunks, as_csv, as_json, counted, save, save_by
    from forum.domain.rankings import FIELDS
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.exports.files": "Origin chunks write",
            "forum.domain.exports.kinds": "KINDS Kind too_many",
            "forum.domain.exports.orders": "forget",
            "forum.domain.exports.streams": "Chunks as_csv as_json counted save save_by",
            "forum.domain.rankings": "FIELDS",
        },
    )

__all__ = [
    "FIELDS",
    "KINDS",
    "Chunks",
    "Kind",
    "Origin",
    "as_csv",
    "as_json",
    "chunks",
    "counted",
    "forget",
    "save",
    "save_by",
    "too_many",
    "write",
]
