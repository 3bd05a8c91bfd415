"""Directives: written by the policy team, read and commented on by everybody, and what they make of each idea."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.directives.matrices import Became, about
    from forum.domain.directives.publishing import batch
    from forum.domain.directives.views import CitedBy, check
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.directives.matrices": "Became about",
            "forum.domain.directives.publishing": "batch",
            "forum.domain.directives.views": "CitedBy check",
        },
    )

__all__ = ["Became", "CitedBy", "about", "batch", "check"]
