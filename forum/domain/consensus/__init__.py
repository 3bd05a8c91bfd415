"""Consensus: which ideas are agreed on across camps, found from votes alone.

The computing needs numpy and is imported only where a run is made: the site itself shows stored figures without it.
"""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.consensus.runs import Due, Run, Scored, compute, due, has_more, in_words, latest, of_idea, running
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.consensus.runs": "Due Run Scored compute due has_more in_words latest of_idea running",
        },
    )

__all__ = ["Due", "Run", "Scored", "compute", "due", "has_more", "in_words", "latest", "of_idea", "running"]
