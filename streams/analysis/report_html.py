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
from streams.analysis.operation_report import CREW_CHOICES, MATCH_CLASSES, OperationReport, ReportedOutcome
from streams.records.times import to_rfc3339

_OUTCOME_FIELDS: Final = ("hits", "confirmed", "rejected", "open", "intercepted")


class _Section(NamedTuple):
    """A section of the page: what it is about, its plot if it has one, and a table."""

    name: str
    heading: str
    about: str
    plot: Markup | None
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def render_report(report: OperationReport, made_at: datetime) -> str:
    """The page of a report that is made at a time."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("streams.analysis").joinpath("report.html").read_text("utf-8"))
    return template.render(
        report=report,
        title=report.name or report.operation_id,
        made=_format_time(made_at),
        time=_format_time,
        figures=_key_figures(report),
        parts=[
            _totals_section(report),
            _time_section(report),
            _group_section("list", "By list", report.by_list),
            _group_section("site", "By site", report.by_site),
            _class_section(report),
            _crew_section(report),
        ],
    )


def _key_figures(report: OperationReport) -> list[tuple[str, str]]:
    total = report.total
    reads = [] if report.reads is None else [("reads", f"{report.reads:,}")]
    counts = [(name, f"{getattr(total, name):,}") for name in _OUTCOME_FIELDS]
    return [*reads, *counts]


def _totals_section(report: OperationReport) -> _Section:
    total = report.total
    return _Section(
        "verdicts",
        "Verdicts",
        "What centres said of the hits. A hit that nobody judged is open; intercepted are those whose "
        f"vehicle was stopped, whatever was said of them. Of {total.hits:,} hits {report.live:,} were live, "
        f"the others came late; {report.withdrawn:,} were withdrawn.",
        _add_title(report_charts.draw_totals(total, "plot-verdicts"), "plot-verdicts", "Hits by verdict"),
        "Hits by verdict",
        ("verdict", "hits"),
        [(name, f"{getattr(total, name):,}") for name in _OUTCOME_FIELDS[1:]],
    )


def _time_section(report: OperationReport) -> _Section:
    name = "plot-time"
    return _Section(
        "time",
        "Hits over time",
        "Hits by how the plates agree, by when the read was captured.",
        _add_title(report_charts.draw_over_time(report.over_time, name), name, "Hits by class over time"),
        "Hits by class over time (UTC)",
        ("read captured", *MATCH_CLASSES),
        [
            (_format_span(span.begins, span.ends), *(f"{span.hits[each]:,}" for each in MATCH_CLASSES))
            for span in report.over_time
        ],
    )


def _group_section(name: str, heading: str, outcomes: Mapping[str, ReportedOutcome]) -> _Section:
    plot = report_charts.draw_verdicts(outcomes, f"plot-{name}") if outcomes else None
    more = " The plot shows the 20 with the most hits." if len(outcomes) > report_charts.MAX_BARS else ""
    return _Section(
        name,
        heading,
        f"The hits of each {name}, and what centres said of them.{more}",
        None if plot is None else _add_title(plot, f"plot-{name}", f"Hits by {name} and verdict"),
        f"Hits by {name}",
        (name, *_OUTCOME_FIELDS),
        [_outcome_row(each, outcome) for each, outcome in outcomes.items()],
    )


def _class_section(report: OperationReport) -> _Section:
    return _Section(
        "class",
        "By class",
        "The hits by how the plates agree.",
        None,
        "Hits by class",
        ("class", *_OUTCOME_FIELDS),
        [_outcome_row(each, outcome) for each, outcome in report.by_class.items()],
    )


def _crew_section(report: OperationReport) -> _Section:
    return _Section(
        "crews",
        "What the crews could go for",
        "Vehicles, each by its passage with the highest score, as if all had been known beforehand: what the "
        "crews' capacity was enough for.",
        None,
        "Vehicles of live hits",
        ("the crews", "vehicles", "confirmed", "rejected", "intercepted"),
        [
            (
                CREW_CHOICES[each],
                *(f"{count:,}" for count in (one.vehicles, one.confirmed, one.rejected, one.intercepted)),
            )
            for each, one in report.crews.items()
        ],
    )


def _outcome_row(name: str, outcome: ReportedOutcome) -> tuple[str, ...]:
    return name, *(f"{getattr(outcome, each):,}" for each in _OUTCOME_FIELDS)


def _add_title(plot: str, id_prefix: str, title: str) -> Markup:
    """A plot with what a screen reader says of it."""
    about = f'<title id="{id_prefix}-title">{html.escape(title)}</title>'
    about += f'<desc id="{id_prefix}-about">The table below has the same figures.</desc>'
    head, mark, rest = plot.partition(">")
    # Made by plots from escaped text alone.
    return Markup(head + mark + about + rest)


def _format_time(time: datetime) -> str:
    return to_rfc3339(time)[:16].replace("T", " ")


def _format_span(begins: datetime, ends: datetime) -> str:
    """A span of time, with the day of its end if that is another."""
    end = _format_time(ends)
    return f"{_format_time(begins)} to {end[11:] if begins.date() == ends.date() else end}"
