"""Themes: ideas that are about the same, grouped offline, each group named by its own typical words.

What groups needs numpy and is imported only where it is used: the site itself runs without it.
"""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.themes.making import Progress, make
    from forum.domain.themes.runs import LEAST_IDEAS, Run, due, latest, scopes
    from forum.domain.themes.views import (
        Overview,
        Place,
        ThemeLink,
        ThemeView,
        ThemeWord,
        find,
        get,
        most_typical,
        of_idea,
        overview,
        path,
        places,
        strengths,
        successor,
    )
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.themes.making": "Progress make",
            "forum.domain.themes.runs": "LEAST_IDEAS Run due latest scopes",
            "forum.domain.themes.views": (
                "Overview Place ThemeLink ThemeView ThemeWord find get "
                "most_typical of_idea overview path places strengths successor"
            ),
        },
    )

__all__ = [
    "LEAST_IDEAS",
    "Overview",
    "Place",
    "Progress",
    "Run",
    "ThemeLink",
    "ThemeView",
    "ThemeWord",
    "due",
    "find",
    "get",
    "latest",
    "make",
    "most_typical",
    "of_idea",
    "overview",
    "path",
    "places",
    "scopes",
    "strengths",
    "successor",
]
