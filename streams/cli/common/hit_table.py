"""Hits as a table for people: a row each, and below it what is not plain."""

from collections.abc import Iterable, Iterator

import click

from streams.cli.common.journey_text import detail_lines
from streams.cli.common.times import format_datetime
from streams.records.hit import Hit
from streams.records.match import Edit, MatchResult

_HEADINGS = ("captured (UTC)", "where", "read", "listed", "match", "do", "prio", "list/alert", "hit")
_NO_VALUE = "?"


def print_hits(hits: list[Hit]) -> None:
    """Print the table on stdout; withdrawn hits are dim on a terminal."""
    rows = [hit_cells(hit) for hit in hits]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    click.secho(_format_row(_HEADINGS, widths), bold=True)
    for hit, row in zip(hits, rows, strict=True):
        dim = hit.kind == "withdrawn"
        click.secho(_format_row(row, widths), dim=dim)
        if not dim:
            plates = describe_differences(hit.match) if hit.handover is None else ()
            for line in (*plates, *detail_lines(hit)):
                click.echo(f"{'':<{widths[0]}}  {line}")


def describe_differences(match: MatchResult) -> Iterator[str]:
    """Yield a line for each thing in which read and alert are not plainly equal."""
    if match.edits:
        yield "; ".join(describe_edit(edit) for edit in match.edits)
    for contradiction in match.contradictions:
        yield (
            f"{contradiction.what}: read {contradiction.read}, listed {contradiction.listed}; "
            f"{contradiction.meaning}"
        )
    if match.possible_countries:
        yield f"no country read; possible in {', '.join(match.possible_countries)}: check the nationality"


def describe_edit(edit: Edit) -> str:
    """Return a character error in words: `8 read for B at 1, settled by the format`."""
    if edit.kind == "lost":
        return f"{edit.listed} at {edit.position} not read"
    if edit.kind == "extra":
        return f"{edit.read} read before {edit.position}, not listed"
    why = {"settled": ", settled by the format", "umlaut": ", umlaut"}.get(edit.kind, "")
    return f"{edit.read} read for {edit.listed} at {edit.position}{why}"


def describe_match(match: MatchResult) -> str:
    """Return the match class and the posterior: `fuzzy 0.80`."""
    if match.posterior is None:
        return match.class_
    # Rounded down: no read makes it certain.
    return f"{match.class_} {int(match.posterior * 100) / 100:.2f}"


def describe_state(hit: Hit) -> str:
    """Return the state of a hit in this revision: `new, live`."""
    if hit.withdrawn is not None:
        return f"withdrawn: {hit.withdrawn.reason}"
    state = f"{hit.kind}, {hit.mode}" if hit.handover is None else f"handover, {hit.kind}, {hit.mode}"
    return f"{state}, {hit.verdict.verdict}" if hit.verdict is not None else state


def hit_cells(hit: Hit) -> tuple[str, ...]:
    """Return the cells of a hit's row; the last one is its state."""
    place = hit.place
    where = place.road or place.site_id or place.camera_id
    return (
        format_datetime(hit.read.captured_at),
        f"{where} {place.territory or _NO_VALUE}",
        f"{hit.match.read_plate} {hit.read.country or _NO_VALUE}",
        f"{hit.match.listed_plate} {hit.alert.country or _NO_VALUE}",
        describe_match(hit.match),
        hit.action,
        str(hit.priority),
        f"{hit.alert.list_id}/{hit.alert.alert_id}",
        describe_state(hit),
    )


def _format_row(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
