"""Texts: Markdown to safe HTML and plain text, foreign HTML to Markdown, names, dates, reading ease, changes."""

from forum.text.cells import csv_cell
from forum.text.changes import Change, differences
from forum.text.dates import date, moment, relative, steady
from forum.text.escapes import from_plain
from forum.text.foreign import from_html
from forum.text.grades import Grade, grade
from forum.text.links import is_same_site_path, safe_next
from forum.text.markdown import to_html
from forum.text.names import fold, handle, slug, tidy, tidy_line
from forum.text.plains import excerpt, to_html_and_plain, to_plain

__all__ = [
    "Change",
    "Grade",
    "csv_cell",
    "date",
    "differences",
    "excerpt",
    "fold",
    "from_html",
    "from_plain",
    "grade",
    "handle",
    "is_same_site_path",
    "moment",
    "relative",
    "safe_next",
    "slug",
    "steady",
    "tidy",
    "tidy_line",
    "to_html",
    "to_html_and_plain",
    "to_plain",
]
