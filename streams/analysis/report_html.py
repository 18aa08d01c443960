"""The report as one page: HTML that needs nothing else, neither a network nor scripts.

It needs Jinja and matplotlib, which are in the extra `report`. Below each plot stands a table of what it
shows.
"""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from streams.analysis import report_charts
from streams.analysis.operation_report import CHOICES, CLASSES, Outcome, Report
from streams.records.times import rfc3339

_OUTCOME: Final = ("hits", "confirmed", "rejected", "open", "intercepted")


class _Part(NamedTuple):
    """A section of the page: what it is about, its plot if it has one, and a table."""

    name: str
    heading: str
    about: str
    plot: Markup | None
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(report: Report, made: datetime) -> str:
    """The page of a report that is made at a time."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("streams.analysis").joinpath("report.html").read_text("utf-8"))
    return template.render(
        report=report,
        title=report.name or report.operation_id,
        made=_time(made),
        time=_time,
        figures=_figures(report),
        parts=[
            _totals(report),
            _over_time(report),
            _by("list", "By list", report.by_list),
            _by("site", "By site", report.by_site),
            _classes(report),
            _crews(report),
        ],
    )


def _figures(report: Report) -> list[tuple[str, str]]:
    total = report.total
    reads = [] if report.reads is None else [("reads", f"{report.reads:,}")]
    counts = [(name, f"{getattr(total, name):,}") for name in _OUTCOME]
    return [*reads, *counts]


def _totals(report: Report) -> _Part:
    total = report.total
    return _Part(
        "verdicts",
        "Verdicts",
        "What centres said of the hits. A hit that nobody judged is open; intercepted are those whose "
        f"vehicle was stopped, whatever was said of them. Of {total.hits:,} hits {report.live:,} were live, "
        f"the others came late; {report.withdrawn:,} were withdrawn.",
        _titled(report_charts.totals(total, "plot-verdicts"), "plot-verdicts", "Hits by verdict"),
        "Hits by verdict",
        ("verdict", "hits"),
        [(name, f"{getattr(total, name):,}") for name in _OUTCOME[1:]],
    )


def _over_time(report: Report) -> _Part:
    name = "plot-time"
    return _Part(
        "time",
        "Hits over time",
        "Hits by how the plates agree, by when the read was captured.",
        _titled(report_charts.over_time(report.over_time, name), name, "Hits by class over time"),
        "Hits by class over time (UTC)",
        ("read captured", *CLASSES),
        [
            (_span(span.begins, span.ends), *(f"{span.hits[each]:,}" for each in CLASSES))
            for span in report.over_time
        ],
    )


def _by(name: str, heading: str, outcomes: Mapping[str, Outcome]) -> _Part:
    plot = report_charts.verdicts(outcomes, f"plot-{name}") if outcomes else None
    more = " The plot shows the 20 with the most hits." if len(outcomes) > report_charts.MOST_BARS else ""
    return _Part(
        name,
        heading,
        f"The hits of each {name}, and what centres said of them.{more}",
        None if plot is None else _titled(plot, f"plot-{name}", f"Hits by {name} and verdict"),
        f"Hits by {name}",
        (name, *_OUTCOME),
        [_row(each, outcome) for each, outcome in outcomes.items()],
    )


def _classes(report: Report) -> _Part:
    return _Part(
        "class",
        "By class",
        "The hits by how the plates agree.",
        None,
        "Hits by class",
        ("class", *_OUTCOME),
        [_row(each, outcome) for each, outcome in report.by_class.items()],
    )


def _crews(report: Report) -> _Part:
    return _Part(
        "crews",
        "What the crews could go for",
        "Vehicles, each by its passage with the highest score, as if all had been known beforehand: what the "
        "crews' capacity was enough for.",
        None,
        "Vehicles of live hits",
        ("the crews", "vehicles", "confirmed", "rejected", "intercepted"),
        [
            (
                CHOICES[each],
                *(f"{count:,}" for count in (one.vehicles, one.confirmed, one.rejected, one.intercepted)),
            )
            for each, one in report.crews.items()
        ],
    )


def _row(name: str, outcome: Outcome) -> tuple[str, ...]:
    return name, *(f"{getattr(outcome, each):,}" for each in _OUTCOME)


def _titled(plot: str, name: str, title: str) -> Markup:
    """A plot with what a screen reader says of it."""
    about = f'<title id="{name}-title">{html.escape(title)}</title>'
    about += f'<desc id="{name}-about">The table below has the same figures.</desc>'
    head, mark, rest = plot.partition(">")
    # Made by plots from escaped text alone.
    return Markup(head + mark + about + rest)


def _time(time: datetime) -> str:
    return rfc3339(time)[:16].replace("T", " ")


def _span(begins: datetime, ends: datetime) -> str:
    """A span of time, with the day of its end if that is another."""
    end = _time(ends)
    return f"{_time(begins)} to {end[11:] if begins.date() == ends.date() else end}"
