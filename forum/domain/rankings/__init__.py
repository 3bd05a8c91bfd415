"""Rankings: a selection says which ideas and which votes count; walking it gives the ideas in their order."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.rankings.examples import Example, example
    from forum.domain.rankings.selections import Selection, as_values, in_words, read
    from forum.domain.rankings.walks import FIELDS, Ranked, records, walk
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.rankings.examples": "Example example",
            "forum.domain.rankings.selections": "Selection as_values in_words read",
            "forum.domain.rankings.walks": "FIELDS Ranked records walk",
        },
    )

__all__ = ["FIELDS", "Example", "Ranked", "Selection", "as_values", "example", "in_words", "read", "records", "walk"]
