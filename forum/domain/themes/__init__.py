"""Themes: ideas that are about the same, grouped offline, each group named by its own typical words.

What groups needs numpy and is imported only where it is used: the site itself runs without it.
"""

from forum.domain.themes.making import make
from forum.domain.themes.runs import Run, due, latest

__all__ = ["Run", "due", "latest", "make"]
