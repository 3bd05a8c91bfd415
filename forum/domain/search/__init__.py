"""Search: everything that can be found, found by its words, and ideas like a text somebody is writing."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.search.documents import (
        KINDS,
        Bulk,
        Document,
        hide,
        hide_many,
        put,
        put_many,
        remove,
        show,
        show_many,
    )
    from forum.domain.search.finds import Hit, Results, find
    from forum.domain.search.likenesses import PLAUSIBLE, Similar, similar
    from forum.domain.search.stored import Count, Stems, count, storable_index
    from forum.domain.search.upkeep import check, moved, rebuild, refresh
    from forum.domain.search.vocabularies import fold_in
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.search.documents": ("KINDS Bulk Document hide hide_many put put_many remove show show_many"),
            "forum.domain.search.finds": "Hit Results find",
            "forum.domain.search.likenesses": "PLAUSIBLE Similar similar",
            "forum.domain.search.stored": "Count Stems count storable_index",
            "forum.domain.search.upkeep": "check moved rebuild refresh",
            "forum.domain.search.vocabularies": "fold_in",
        },
    )

__all__ = [
    "KINDS",
    "PLAUSIBLE",
    "Bulk",
    "Count",
    "Document",
    "Hit",
    "Results",
    "Similar",
    "Stems",
    "check",
    "count",
    "find",
    "fold_in",
    "hide",
    "hide_many",
    "moved",
    "put",
    "put_many",
    "rebuild",
    "refresh",
    "remove",
    "show",
    "show_many",
    "similar",
    "storable_index",
]
