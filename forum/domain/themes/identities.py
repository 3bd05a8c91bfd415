"""Identities of themes: which theme of before a new group is, so that addresses and filters go on to lead there."""

from collections import Counter
from collections.abc import Iterable, Mapping

STAYED = 0.4
"""A group is the theme of before if it has such a share of that theme's ideas at least, and more than other groups."""


Successors = dict[int, int]
"""Theme that is no more → the group that most of its ideas are in."""


def matched(
    before: Mapping[int, int], now: Iterable[tuple[int, int]], count: int
) -> tuple[list[int | None], Successors]:
    """For each of `count` groups the id of the theme that it goes on, or None; and for the other themes the group
    that has most of their ideas.

    `before`: idea → theme of the last run; `now`: idea and its group, for ideas that took part. Ideas that are not
    there any more, or were in no theme, do not count. The pair with the most ideas in common is matched first.
    """
    shared, sizes = Counter[tuple[int, int]](), Counter[int]()
    for idea_id, group in now:
        theme_id = before.get(idea_id)
        if theme_id is None:
            continue
        sizes[theme_id] += 1
        if group >= 0:
            shared[theme_id, group] += 1
    taken: list[int | None] = [None] * count
    kept: set[int] = set()
    successors: dict[int, int] = {}
    for (theme_id, group), many in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
        successors.setdefault(theme_id, group)
        if theme_id not in kept and taken[group] is None and many >= STAYED * sizes[theme_id]:
            taken[group] = theme_id
            kept.add(theme_id)
    return taken, {theme_id: group for theme_id, group in successors.items() if theme_id not in kept}
