"""Exports: rankings as CSV, JSON, spreadsheets and documents; nothing half-written is ever left."""

from forum.domain.exports.files import Origin, chunks, write
from forum.domain.exports.kinds import KINDS, Kind, too_many
from forum.domain.exports.orders import forget
from forum.domain.exports.streams import Chunks, as_csv, as_json, counted, save, save_by
from forum.domain.rankings import FIELDS

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
