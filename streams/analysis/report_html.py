"""The report as one self-contained HTML page, without scripts or external resources.

Needs Jinja and matplotlib, of the extra `report`. Below each chart is a table with the same figures.
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
    """A section of the page: text, a chart if it has one, and a table."""

    name: str
    heading: str
    about: str
    chart: Markup | None
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def render_report(report: OperationReport, created_at: datetime) -> str:
    """Return the page of a report that was created at a time."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("streams.analysis").joinpath("report.html").read_text("utf-8"))
    return template.render(
        report=report,
        title=report.name or report.operation_id,
        created=_format_time(created_at),
        format_time=_format_time,
        figures=_key_figures(report),
        sections=[
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
        "The hits by their latest adjudication; a hit without one is open. Intercepted hits are those whose "
        f"vehicle was stopped, whatever the verdict. Of {total.hits:,} hits {report.live:,} were live, the "
        f"others historical; {report.withdrawn:,} were withdrawn.",
        _add_title(report_charts.draw_totals(total, "chart-verdicts"), "chart-verdicts", "Hits by verdict"),
        "Hits by verdict",
        ("verdict", "hits"),
        [(name, f"{getattr(total, name):,}") for name in _OUTCOME_FIELDS[1:]],
    )


def _time_section(report: OperationReport) -> _Section:
    id_prefix = "chart-time"
    return _Section(
        "time",
        "Hits over time",
        "Hits by match class and time of the read.",
        _add_title(
            report_charts.draw_over_time(report.over_time, id_prefix), id_prefix, "Hits by class over time"
        ),
        "Hits by class over time (UTC)",
        ("read captured", *MATCH_CLASSES),
        [
            (_format_span(span.begins, span.ends), *(f"{span.hits[class_]:,}" for class_ in MATCH_CLASSES))
            for span in report.over_time
        ],
    )


def _group_section(name: str, heading: str, outcomes: Mapping[str, ReportedOutcome]) -> _Section:
    id_prefix, max_bars = f"chart-{name}", report_charts.MAX_BARS
    chart = report_charts.draw_verdicts(outcomes, id_prefix) if outcomes else None
    note = f" The chart shows the {max_bars} with the most hits." if len(outcomes) > max_bars else ""
    return _Section(
        name,
        heading,
        f"The hits of each {name} by their latest adjudication.{note}",
        None if chart is None else _add_title(chart, id_prefix, f"Hits by {name} and verdict"),
        f"Hits by {name}",
        (name, *_OUTCOME_FIELDS),
        [_outcome_row(group, outcome) for group, outcome in outcomes.items()],
    )


def _class_section(report: OperationReport) -> _Section:
    return _Section(
        "class",
        "By class",
        "The hits by match class.",
        None,
        "Hits by class",
        ("class", *_OUTCOME_FIELDS),
        [_outcome_row(class_, outcome) for class_, outcome in report.by_class.items()],
    )


def _crew_section(report: OperationReport) -> _Section:
    return _Section(
        "crews",
        "Capacity of the crews",
        "Vehicles that the crews could have intercepted if all had been known beforehand; each by the "
        "passage with its highest score.",
        None,
        "Vehicles of live hits",
        ("crews", "vehicles", "confirmed", "rejected", "intercepted"),
        [
            (
                CREW_CHOICES[key],
                *(
                    f"{count:,}"
                    for count in (choice.vehicles, choice.confirmed, choice.rejected, choice.intercepted)
                ),
            )
            for key, choice in report.crews.items()
        ],
    )


def _outcome_row(name: str, outcome: ReportedOutcome) -> tuple[str, ...]:
    return name, *(f"{getattr(outcome, field):,}" for field in _OUTCOME_FIELDS)


def _add_title(chart: str, id_prefix: str, title: str) -> Markup:
    """Return a chart with its title and description for screen readers."""
    about = f'<title id="{id_prefix}-title">{html.escape(title)}</title>'
    about += f'<desc id="{id_prefix}-about">The table below has the same figures.</desc>'
    head, mark, rest = chart.partition(">")
    # Safe as markup: the chart was made from escaped text only.
    return Markup(head + mark + about + rest)


def _format_time(time: datetime) -> str:
    return to_rfc3339(time)[:16].replace("T", " ")


def _format_span(begins: datetime, ends: datetime) -> str:
    """Return a time span, with the day of its end if that differs."""
    end = _format_time(ends)
    return f"{_format_time(begins)} to {end[11:] if begins.date() == ends.date() else end}"
