"""Directives: written by the policy team, read and commented on by everybody, and what they make of each idea."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.directives.answers import Answered, by_idea, of_snapshot
    from forum.domain.directives.matrices import Became, about
    from forum.domain.directives.publishing import batch
    from forum.domain.directives.views import CitedBy, check
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.directives.answers": "Answered by_idea of_snapshot",
            "forum.domain.directives.matrices": "Became about",
            "forum.domain.directives.publishing": "batch",
            "forum.domain.directives.views": "CitedBy check",
        },
    )

__all__ = ["Answered", "Became", "CitedBy", "about", "batch", "by_idea", "check", "of_snapshot"]
