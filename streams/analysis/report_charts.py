"""Charts of a report as inline SVG, with the colours of the page and selectable text.

Needs matplotlib, of the extra `report`. Charts are drawn with placeholder colours, which are then replaced by
the page's CSS variables, so that one chart fits light and dark backgrounds and print. Each colour also has a
hatch of its own.
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
"""Maximum number of lists or sites in a chart."""
_MAX_LABELS: Final = 12
_MAX_LABEL_CHARS: Final = 28


class Series(NamedTuple):
    """One colour of a chart: its name, and its length in each bar."""

    name: str
    lengths: Sequence[int]


def draw_over_time(spans: Sequence[ReportSpan], id_prefix: str) -> str:
    """Draw hits by class over the operation's time as stacked columns; ids begin with `id_prefix`."""
    series = [Series(class_, [span.hits[class_] for span in spans]) for class_ in MATCH_CLASSES]
    figure, axes = _create_figure(3.4)
    _draw_stack(axes, [str(index) for index in range(len(spans))], series, vertical=True)
    step = max(-(-len(spans) // _MAX_LABELS), 1)
    indexes = range(0, len(spans), step)
    axes.set_xticks(list(indexes), _time_labels([spans[index].begins for index in indexes]))
    axes.set_xlim(0, max(len(spans), 1))
    axes.set_ylim(0, max(1.05 * max((sum(span.hits.values()) for span in spans), default=0), 1))
    axes.set_ylabel("hits")
    axes.set_xlabel("read captured (UTC)")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=_FAINT, linewidth=0.5)
    return _render_svg(figure, id_prefix)


def draw_verdicts(outcomes: Mapping[str, ReportedOutcome], id_prefix: str) -> str:
    """Draw the adjudications of the hits of each list or site as stacked bars.

    The `MAX_BARS` groups with the most hits are shown.
    """
    names = sorted(outcomes, key=lambda name: (-outcomes[name].hits, name))[:MAX_BARS]
    series = [
        Series("confirmed", [outcomes[name].confirmed for name in names]),
        Series("rejected", [outcomes[name].rejected for name in names]),
        Series("open", [outcomes[name].open for name in names]),
    ]
    return _draw_bars([_shorten(name) for name in names], series, id_prefix)


def draw_totals(outcome: ReportedOutcome, id_prefix: str) -> str:
    """Draw the adjudications of all hits, and the interceptions, as bars."""
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
    sums = [sum(lengths) for lengths in zip(*(entry.lengths for entry in series), strict=True)]
    for index, length in enumerate(sums):
        axes.annotate(
            f"{length:,}", (length, index), (4, 0), textcoords="offset points", va="center", color=_INK
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
        for index, entry in enumerate(series):
            style: dict[str, Any] = {
                "label": entry.name,
                "color": _SERIES_COLOURS[index],
                "edgecolor": _PAPER,
                "hatch": _HATCHES[index],
                "linewidth": 0.5,
            }
            if vertical:
                axes.bar(range(len(labels)), entry.lengths, bottom=base, width=0.9, align="edge", **style)
            else:
                axes.barh(range(len(labels)), entry.lengths, left=base, height=0.7, **style)
            base = [low + length for low, length in zip(base, entry.lengths, strict=True)]
        if not vertical:
            axes.set_yticks(range(len(labels)), labels)
        if len(series) > 1:
            axes.legend(
                loc="lower left", bbox_to_anchor=(0, 1), ncols=len(series), frameon=False, borderaxespad=0.2
            )


def _time_labels(times: Sequence[datetime]) -> list[str]:
    """Return hours and minutes, with the day below where it changes."""
    labels = []
    for index, time in enumerate(times):
        is_new_day = index == 0 or times[index - 1].date() != time.date()
        labels.append(f"{time:%H:%M}\n{time:%d %b}" if is_new_day else f"{time:%H:%M}")
    return labels


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_LABEL_CHARS else f"{text[: _MAX_LABEL_CHARS - 1]}…"


def _render_svg(figure: Figure, id_prefix: str) -> str:
    """Return a figure as an svg element for a page; its ids begin with `id_prefix`."""
    output = io.StringIO()
    with mpl.rc_context({**_STYLE, "svg.hashsalt": id_prefix}), warnings.catch_warnings():
        # The page is shown with the fonts of the reader, not with those that measure the text here.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(output, format="svg")
    text = output.getvalue()
    text = text[text.index("<svg") :]
    # A style element within an svg element would apply to the whole page.
    text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", lambda tag: _rewrite_tag(tag.group(), id_prefix), text)
    width, height = (f"{round(inches * 72)}" for inches in figure.get_size_inches())
    head = f'<svg viewBox="0 0 {width} {height}" role="img" '
    head += f'aria-labelledby="{id_prefix}-title {id_prefix}-about"'
    return re.sub(r"<svg[^>]*>", f'{head} xmlns:xlink="http://www.w3.org/1999/xlink">', text, count=1)


def _rewrite_tag(tag: str, id_prefix: str) -> str:
    """Return a tag with prefixed ids and the colours of the page."""
    tag = re.sub(r'\bid="', f'id="{id_prefix}-', tag)
    tag = re.sub(r'href="#', f'href="#{id_prefix}-', tag)
    tag = re.sub(r"url\(#", f"url(#{id_prefix}-", tag)
    for placeholder, colour in _CSS_COLOURS.items():
        # CSS variables work in a style, but not in an attribute.
        tag = re.sub(rf'\b(fill|stroke)="{placeholder}"', rf'style="\1: {colour}"', tag)
        tag = tag.replace(placeholder, colour)
    return tag
