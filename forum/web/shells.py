"""Shells: pages rendered once with holes for what is each visitor's own, kept by everything else that they show."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from jinja2_fragments import render_block
from markupsafe import Markup

from forum.web.render import ENVIRONMENT, HOLE, Answer, Composed, Page, shell_of
from forum.web.visits import Visit

MOST_CHARACTERS = 12_000_000
_kept: OrderedDict[Hashable, tuple[Any, ...]] = OrderedDict()
_size = [0]


def compose(
    visit: Visit,
    template: str,
    key: Hashable,
    make_context: Callable[[], Mapping[str, Any]],
    fills: Mapping[str, Any],
    *,
    blocks: tuple[str, ...] = (),
    is_cacheable: bool = True,
) -> Answer:
    """The page of `template`, from a kept shell if there is one for `key`.

    `key` names everything that the page shows beside the fills and the header; `make_context` is only called when the
    shell has to be rendered. In the template each fill is a variable, written once or more.
    """
    if visit.flash:
        return Page(template, {**make_context(), **fills}, blocks, is_cacheable=is_cacheable)
    is_fragment = bool(blocks) and visit.is_htmx
    full_key = (template, visit.path, is_fragment, key)
    shell = _kept.get(full_key)
    if shell is None:
        shell = _render(visit, template, {**make_context()}, fills, blocks if is_fragment else ())
        _keep(full_key, shell)
    return Composed(shell, fills, is_cacheable=is_cacheable)


def _render(
    visit: Visit, template: str, context: dict[str, Any], fills: Mapping[str, Any], blocks: tuple[str, ...]
) -> tuple[Any, ...]:
    holes = {name: Markup(f"{HOLE}{name}{HOLE}") for name in (*fills, "account", "staff")}  # noqa: S704 - names of ours
    context.update(holes, visit=visit, flash=[])
    if blocks:
        html = "".join(render_block(ENVIRONMENT, template, block, **context) for block in blocks)
    else:
        html = ENVIRONMENT.get_template(template).render(context)
    return shell_of(html)


def _keep(key: Hashable, shell: tuple[Any, ...]) -> None:
    _kept[key] = shell
    _size[0] += sum(map(len, shell))
    while _size[0] > MOST_CHARACTERS:
        _, oldest = _kept.popitem(last=False)
        _size[0] -= sum(map(len, oldest))
