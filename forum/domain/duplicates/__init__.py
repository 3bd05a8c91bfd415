"""Likely duplicates: the nearest of every idea in bulk, and cases for moderators about the pairs most alike.

What compares in bulk needs numpy and is imported only where it is used: the site itself runs without it.
"""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.duplicates.findings import CERTAIN, Found, about_case, look
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.duplicates.findings": "CERTAIN Found about_case look",
        },
    )

__all__ = ["CERTAIN", "Found", "about_case", "look"]
