"""Rankings: a selection says which ideas and which votes count; walking it gives the ideas in their order."""

from forum.domain.rankings.examples import Example, example
from forum.domain.rankings.selections import Selection, as_values, in_words, read
from forum.domain.rankings.walks import FIELDS, Ranked, records, walk

__all__ = ["FIELDS", "Example", "Ranked", "Selection", "as_values", "example", "in_words", "read", "records", "walk"]
