"""Plots of a report as SVG that stands in a page: its colours are the page's, its text is text.

It needs matplotlib, which is in the extra `report`. Colours are drawn as stand-ins and then named by the
page's CSS variables, so that one plot is right on light and dark ground and on paper. What a colour tells, a
pattern tells too.
"""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from streams.analysis.operation_report import MATCH_CLASSES, ReportedOutcome, ReportSpan

_CSS_COLOURS: Final = {
    "#000001": "var(--ink)",
    "#000002": "var(--faint)",
    "#000003": "var(--paper)",
    "#000004": "var(--one)",
    "#000005": "var(--two)",
    "#000006": "var(--three)",
    "#000007": "var(--four)",
}
_INK, _FAINT, _PAPER, *_SERIES_COLOURS = _CSS_COLOURS
_HATCHES: Final = ("", "////", "----", "xxx")
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "hatch.linewidth": 1.0,
    "text.parse_math": False,
}
_WIDTH_INCHES: Final = 8.0
MAX_BARS: Final = 20
"""Lists or sites that a plot shows."""
_MAX_LABELS: Final = 12
_MAX_LABEL_CHARS: Final = 28


class Series(NamedTuple):
    """What is told of each bar by one colour: its name and its lengths."""

    name: str
    lengths: Sequence[int]


def draw_over_time(spans: Sequence[ReportSpan], id_prefix: str) -> str:
    """Hits by class over the operation's time, as stacked columns; `name` begins the ids in it."""
    series = [Series(each, [span.hits[each] for span in spans]) for each in MATCH_CLASSES]
    figure, axes = _create_figure(3.4)
    _draw_stack(axes, [f"{place}" for place in range(len(spans))], series, vertical=True)
    step = max(-(-len(spans) // _MAX_LABELS), 1)
    places = range(0, len(spans), step)
    axes.set_xticks(list(places), _time_labels([spans[place].begins for place in places]))
    axes.set_xlim(0, max(len(spans), 1))
    axes.set_ylim(0, max(1.05 * max((sum(span.hits.values()) for span in spans), default=0), 1))
    axes.set_ylabel("hits")
    axes.set_xlabel("read captured (UTC)")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=_FAINT, linewidth=0.5)
    return _render_svg(figure, id_prefix)


def draw_verdicts(outcomes: Mapping[str, ReportedOutcome], id_prefix: str) -> str:
    """What centres said of the hits of each list or site, as stacked bars, the most hits first.

    Of many only the first `MOST_BARS` are shown.
    """
    shown = sorted(outcomes, key=lambda each: (-outcomes[each].hits, each))[:MAX_BARS]
    series = [
        Series("confirmed", [outcomes[each].confirmed for each in shown]),
        Series("rejected", [outcomes[each].rejected for each in shown]),
        Series("open", [outcomes[each].open for each in shown]),
    ]
    return _draw_bars([_shorten(each) for each in shown], series, id_prefix)


def draw_totals(outcome: ReportedOutcome, id_prefix: str) -> str:
    """What centres said of all hits, and how many vehicles were intercepted, as bars."""
    counts = {
        "confirmed": outcome.confirmed,
        "rejected": outcome.rejected,
        "open": outcome.open,
        "intercepted": outcome.intercepted,
    }
    return _draw_bars(list(counts), [Series("hits", list(counts.values()))], id_prefix)


def _draw_bars(labels: Sequence[str], series: Sequence[Series], id_prefix: str) -> str:
    figure, axes = _create_figure(1.1 + 0.36 * max(len(labels), 1))
    _draw_stack(axes, labels, series, vertical=False)
    axes.set_ylim(max(len(labels), 1) - 0.4, -0.6)
    axes.set_xlabel("hits")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", color=_FAINT, linewidth=0.5)
    sums = [sum(each) for each in zip(*(one.lengths for one in series), strict=True)]
    for place, length in enumerate(sums):
        axes.annotate(
            f"{length:,}", (length, place), (4, 0), textcoords="offset points", va="center", color=_INK
        )
    axes.set_xlim(0, max(1.1 * max(sums, default=0), 1))
    return _render_svg(figure, id_prefix)


def _create_figure(height_inches: float) -> tuple[Figure, Axes]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    return figure, axes


def _draw_stack(axes: Axes, labels: Sequence[str], series: Sequence[Series], *, vertical: bool) -> None:
    with mpl.rc_context(_STYLE):
        base = [0] * len(labels)
        for place, each in enumerate(series):
            look: dict[str, Any] = {
                "label": each.name,
                "color": _SERIES_COLOURS[place],
                "edgecolor": _PAPER,
                "hatch": _HATCHES[place],
                "linewidth": 0.5,
            }
            if vertical:
                axes.bar(range(len(labels)), each.lengths, bottom=base, width=0.9, align="edge", **look)
            else:
                axes.barh(range(len(labels)), each.lengths, left=base, height=0.7, **look)
            base = [low + length for low, length in zip(base, each.lengths, strict=True)]
        if not vertical:
            axes.set_yticks(range(len(labels)), labels)
        if len(series) > 1:
            axes.legend(
                loc="lower left", bbox_to_anchor=(0, 1), ncols=len(series), frameon=False, borderaxespad=0.2
            )


def _time_labels(times: Sequence[datetime]) -> list[str]:
    """Hours and minutes, with the day where it changes."""
    found = []
    for place, time in enumerate(times):
        new = place == 0 or times[place - 1].date() != time.date()
        found.append(f"{time:%H:%M}\n{time:%d %b}" if new else f"{time:%H:%M}")
    return found


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_LABEL_CHARS else f"{text[: _MAX_LABEL_CHARS - 1]}…"


def _render_svg(figure: Figure, id_prefix: str) -> str:
    """The figure as an svg element without a document of its own; its ids begin with `name`."""
    drawn = io.StringIO()
    with mpl.rc_context({**_STYLE, "svg.hashsalt": id_prefix}), warnings.catch_warnings():
        # Text stays text, so the reader's fonts count and not those that it is measured with here.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(drawn, format="svg")
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    # A style in an svg element would hold for the whole page.
    text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", lambda tag: _rewrite_tag(tag.group(), id_prefix), text)
    width, height = (f"{round(each * 72)}" for each in figure.get_size_inches())
    head = f'<svg viewBox="0 0 {width} {height}" role="img" '
    head += f'aria-labelledby="{id_prefix}-title {id_prefix}-about"'
    return re.sub(r"<svg[^>]*>", f'{head} xmlns:xlink="http://www.w3.org/1999/xlink">', text, count=1)


def _rewrite_tag(tag: str, id_prefix: str) -> str:
    """A tag with its ids beginning with `name`, and the page's colours."""
    tag = re.sub(r'\bid="', f'id="{id_prefix}-', tag)
    tag = re.sub(r'href="#', f'href="#{id_prefix}-', tag)
    tag = re.sub(r"url\(#", f"url(#{id_prefix}-", tag)
    for stand_in, colour in _CSS_COLOURS.items():
        # In an attribute a variable has no meaning, in a style it has.
        tag = re.sub(rf'\b(fill|stroke)="{stand_in}"', rf'style="\1: {colour}"', tag)
        tag = tag.replace(stand_in, colour)
    return tag
