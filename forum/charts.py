"""Charts as SVG drawn on the server: data in, picture and table out; no script, no style of their own.

Widths are percentages and heights are letters (em), so that one picture fits every window and grows with the text of
the reader. Colors are classes of the style sheet, and no meaning hangs on them: everything is labeled where it stands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

MOST_LETTERS = 28  # of a label above its bar, so that it fits a phone; the table has all of it
MOST_LETTERS_WIDE = 52  # the same where there is more room
ROW = 3.0  # em from bar to bar
PLOT_TOP, PLOT = 1.2, 10.0  # em: room above the plot, and its height
LABEL_GAP = 2.5  # em between the names of two lines, each with its last value below it
MOST_SERIES = 4  # lines that can still be told apart
MOST_DOTS = 40  # points a line that are marked one by one
NOTHING = 1e-9  # what is smaller is drawn as 0

Value = float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `part` of its value is drawn in the second tone; `shown` is how the value reads, if not as a number."""

    label: str
    value: float
    part: float = 0
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One line: a value for each label of the axis, None where nothing is known."""

    label: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and the table that says the same. `rows` hold words and numbers, None where nothing is known."""

    name: str
    title: str
    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[str | Value, ...], ...]

    @property
    def is_empty(self) -> bool:
        """Is there nothing to see, because nothing was counted?"""
        return not any(value for row in self.rows for value in row[1:])

    @property
    def table(self) -> list[tuple[str, ...]]:
        """The rows as they read."""
        return [tuple(cell if isinstance(cell, str) else number_shown(cell) for cell in row) for row in self.rows]


def bars(
    name: str,
    title: str,
    rows: Sequence[Bar],
    *,
    what: str,
    count: str = "Number",
    part: str = "",
    text: str = "",
    whole: float = 0,
) -> Chart:
    """Bars from left to right, one below the other, each with its label and its value above it.

    `name` is unique on the page; `what` heads the labels in the table, `count` the values and `part` the parts (no such
    column where it is empty). `text` is said to screen readers after the title; by default the values are. A bar of the
    value `whole` fills the width; by default the longest one does.
    """
    most = whole or max((row.value for row in rows), default=0) or 1
    pieces = [
        piece
        for number, row in enumerate(rows)
        for piece in _bar(number * ROW, row, 100 * row.value / most, 100 * row.part / most)
    ]
    said = text or ", ".join(f"{row.label} {row.shown or number_shown(row.value)}" for row in rows) + "."
    svg = _svg(name, title, said, "".join(pieces), len(rows) * ROW - 0.8, "")
    table = tuple((row.label, row.value, row.part) if part else (row.label, row.value) for row in rows)
    return Chart(name, title, svg, (what, count, part) if part else (what, count), table)


def _bar(top: float, row: Bar, width: float, part: float) -> list[str]:
    bar_top = top + 1.4
    short, long = _cut(row.label, MOST_LETTERS), _cut(row.label, MOST_LETTERS_WIDE)
    labels = {"": long} if short == long else {' class="chart-short"': short, ' class="chart-long"': long}
    pieces = [
        *(f'<text{which} x="0" y="{top + 1:.2f}em">{escape(label)}</text>' for which, label in labels.items()),
        f'<text class="chart-value" x="100%" y="{top + 1:.2f}em" text-anchor="end">'
        f"{escape(row.shown or number_shown(row.value))}</text>",
        f'<rect class="chart-track" width="100%" height=".7em" y="{bar_top:.2f}em"/>',
    ]
    if row.value > 0:
        pieces.append(f'<rect class="chart-bar" width="{width:.2f}%" height=".7em" y="{bar_top:.2f}em"/>')
    if row.part > 0:
        pieces.append(f'<rect class="chart-part" width="{part:.2f}%" height=".7em" y="{bar_top:.2f}em"/>')
    return pieces


def _cut(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"


def lines(
    name: str, title: str, labels: Sequence[str], series: Sequence[Series], *, what: str, unit: str = "", text: str = ""
) -> Chart:
    """Lines over the same labels in their order, the first on the left; the axis begins at 0.

    At most MOST_SERIES lines, each named at its end. `unit` follows the numbers ("%", "h"). ValueError when a line has
    more or fewer values than there are labels, or when there are too many lines.
    """
    if len(series) > MOST_SERIES or any(len(line.values) != len(labels) for line in series):
        raise ValueError("a value for each label, and at most four lines")
    known = [value for line in series for value in line.values if value is not None]
    ticks = ticks_for(max(known, default=0), whole=all(float(value).is_integer() for value in known))
    pieces = [_grid(ticks, unit), _axis(labels)]
    pieces += [_line(number, line.values, ticks[-1]) for number, line in enumerate(series, 1)]
    pieces += _names(series, ticks[-1], unit)
    said = text or " ".join(filter(None, (_course(line, labels, unit) for line in series)))
    svg = _svg(name, title, said, "".join(pieces), PLOT_TOP + PLOT + 2, "chart-lines")
    rows = tuple((label, *(line.values[index] for line in series)) for index, label in enumerate(labels))
    return Chart(name, title, svg, (what, *(line.label for line in series)), rows)


def ticks_for(most: float, *, whole: bool = False, count: int = 4) -> list[float]:
    """Round numbers from 0 to at least `most`, in at most `count` + 1 equal steps of 1, 2 or 5 times a power of ten."""
    if most < NOTHING:
        return [0.0, 1.0]
    raw = most / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    if whole:
        step = max(1.0, step)
    return [index * step for index in range(max(1, math.ceil(most / step - 1e-9)) + 1)]


def number_shown(value: Value) -> str:
    """A number as it reads: 12,345 or 2.5; a dash where nothing is known."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _brief(tick: float) -> str:
    """A round number as it fits beside the axis: 50k, 2M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if tick >= size:
            return f"{tick / (1e3 if letter == 'k' else size):g}{letter}"
    return f"{tick:,g}"


def _svg(name: str, title: str, said: str, inner: str, height: float, more: str) -> Markup:
    """The frame of a picture. `inner` is markup; every word in it has been escaped."""
    classes = f"chart {more}".strip()
    return Markup(  # noqa: S704 - made here, of escaped words and of numbers
        f'<svg class="{classes}" role="img" aria-labelledby="{name}-title {name}-desc" width="100%"'
        f' height="{max(height, 1):.2f}em" xmlns="http://www.w3.org/2000/svg"><title id="{name}-title">{escape(title)}'
        f'</title><desc id="{name}-desc">{escape(said)}</desc>{inner}</svg>'
    )


def _top(value: float, most: float) -> float:
    """Where a value stands, in em from the top of the picture."""
    return PLOT_TOP + PLOT * (1 - value / most)


def _across(index: int, count: int) -> float:
    return 50.0 if count == 1 else 100 * index / (count - 1)


def _grid(ticks: list[float], unit: str) -> str:
    pieces = []
    for tick in ticks:
        top = _top(tick, ticks[-1])
        words = _brief(tick) + (f" {unit}" if unit == "%" else "")
        pieces.append(f'<line class="chart-grid" x1="0" x2="100%" y1="{top:.2f}em" y2="{top:.2f}em"/>')
        if tick:
            pieces.append(
                f'<text class="chart-soft" x="0" dx="-.5em" y="{top + 0.35:.2f}em" text-anchor="end">{escape(words)}'
                "</text>"
            )
    return "".join(pieces)


def _axis(labels: Sequence[str]) -> str:
    """The first, the middle and the last label: more would not fit on a phone."""
    last, top = len(labels) - 1, PLOT_TOP + PLOT + 1.3
    chosen = {0: "start", last: "end"} if last > 0 else {0: "middle"}
    if last >= 4 and last % 2 == 0:
        chosen[last // 2] = "middle"
    return "".join(
        f'<text class="chart-soft" x="{_across(index, len(labels)):.2f}%" y="{top:.2f}em" text-anchor="{anchor}">'
        f"{escape(labels[index])}</text>"
        for index, anchor in sorted(chosen.items())
        if labels
    )


def _line(number: int, values: Sequence[Value], most: float) -> str:
    """One line with its dots. Only a box of its own can be stretched: percentages are no coordinates of a path."""
    path, is_down = [], False
    for index, value in enumerate(values):
        if value is None:
            is_down = False
            continue
        path.append(f"{'L' if is_down else 'M'}{_across(index, len(values)):.2f} {100 * (1 - value / most):.2f}")
        is_down = True
    dots = [
        f'<circle cx="{_across(index, len(values)):.2f}%" cy="{_top(value, most):.2f}em" r=".28em"/>'
        for index, value in enumerate(values)
        if value is not None
    ]
    if not path:
        return ""
    return (
        f'<g class="chart-{number}"><svg x="0" y="{PLOT_TOP}em" width="100%" height="{PLOT}em" viewBox="0 0 100 100"'
        f' preserveAspectRatio="none" overflow="visible"><path vector-effect="non-scaling-stroke" d="{"".join(path)}"/>'
        f"</svg>{''.join(dots) if len(values) <= MOST_DOTS else ''}</g>"
    )


def _names(series: Sequence[Series], most: float, unit: str) -> list[str]:
    """The name of each line and its last value, at its end; pushed apart where they would cover one another.

    Where all end in the same value, it says nothing: the names stand alone.
    """
    finals = [next((value for value in reversed(line.values) if value is not None), None) for line in series]
    is_same = len(series) > 1 and len(set(finals)) == 1
    gap = LABEL_GAP / 2 if is_same else LABEL_GAP
    ends: list[tuple[float, int, str]] = []
    for number, (line, last) in enumerate(zip(series, finals, strict=True), 1):
        if last is not None:
            value = f"{number_shown(last)} {unit}".rstrip()
            below = f'<tspan x="100%" dx=".6em" dy="1.1em">{escape(value)}</tspan>'
            words = f"{escape(line.label)}{'' if is_same else below}"
            ends.append((_top(last, most) - 0.35, number, words))
    ends.sort()
    lowest = PLOT_TOP + PLOT - 0.8
    tops = [top for top, _, _ in ends]
    for index in range(1, len(tops)):
        tops[index] = max(tops[index], tops[index - 1] + gap)
    for index in range(len(tops) - 1, -1, -1):
        ceiling = lowest if index == len(tops) - 1 else tops[index + 1] - gap
        tops[index] = min(tops[index], ceiling)
    return [
        f'<text class="chart-name chart-{number}" x="100%" dx=".6em" y="{top + 0.35:.2f}em">{words}</text>'
        for top, (_, number, words) in zip(tops, ends, strict=True)
    ]


def _course(line: Series, labels: Sequence[str], unit: str) -> str:
    """A line in one sentence: where it begins, where it ends, where it is highest."""
    known = [(value, label) for value, label in zip(line.values, labels, strict=True) if value is not None]
    if not known:
        return f"{line.label}: nothing is known."
    (first, start), (last, end) = known[0], known[-1]
    highest, when = max(known, key=lambda pair: pair[0])
    after = f" {unit}" if unit else ""
    if len(known) == 1:
        return f"{line.label}: {number_shown(first)}{after} in {start}."
    return (
        f"{line.label}: {number_shown(first)}{after} in {start}, {number_shown(last)}{after} in {end},"
        f" at most {number_shown(highest)}{after} in {when}."
    )
