"""Hits as a table for people: a row each, and below it how the plates differ, where they do."""

from collections.abc import Iterable, Iterator

import click

from streams.cli.common.journey_text import detail_lines
from streams.records.hit import Hit
from streams.records.match import Edit, MatchResult
from streams.records.times import to_rfc3339

_HEADINGS = ("captured (UTC)", "where", "read", "listed", "match", "do", "prio", "list/alert", "hit")
_NO_VALUE = "?"


def print_hits(hits: list[Hit]) -> None:
    """Prints the table to stdout; on a terminal what was withdrawn is dim."""
    rows = [hit_cells(hit) for hit in hits]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    click.secho(_format_row(_HEADINGS, widths), bold=True)
    for hit, row in zip(hits, rows, strict=True):
        dim = hit.kind == "withdrawn"
        click.secho(_format_row(row, widths), dim=dim)
        if not dim:
            plates = describe_differences(hit.match) if hit.handover is None else ()
            for words in (*plates, *detail_lines(hit)):
                click.echo(f"{'':<{widths[0]}}  {words}")


def describe_differences(match: MatchResult) -> Iterator[str]:
    """What is not plainly equal, in words, a line each."""
    if match.edits:
        yield "; ".join(describe_edit(edit) for edit in match.edits)
    for each in match.contradictions:
        yield f"{each.what}: read {each.read}, listed {each.listed}; {each.meaning}"
    if match.possible_countries:
        yield f"no country read; possible in {', '.join(match.possible_countries)}: check the nationality"


def describe_edit(edit: Edit) -> str:
    """An edit in words: `8 read for B at 1, settled by the format`."""
    if edit.kind == "lost":
        return f"{edit.listed} at {edit.position} not read"
    if edit.kind == "extra":
        return f"{edit.read} read before {edit.position}, not listed"
    why = {"settled": ", settled by the format", "umlaut": ", umlaut"}.get(edit.kind, "")
    return f"{edit.read} read for {edit.listed} at {edit.position}{why}"


def describe_match(match: MatchResult) -> str:
    """The class, and how likely it is the listed vehicle: `fuzzy 0.80`."""
    if match.posterior is None:
        return match.class_
    # Not rounded up: no read makes it quite sure.
    return f"{match.class_} {int(match.posterior * 100) / 100:.2f}"


def describe_state(hit: Hit) -> str:
    """What the revision says of the hit."""
    if hit.withdrawn is not None:
        return f"withdrawn: {hit.withdrawn.reason}"
    words = f"{hit.kind}, {hit.mode}" if hit.handover is None else f"handover, {hit.kind}, {hit.mode}"
    return f"{words}, {hit.verdict.verdict}" if hit.verdict is not None else words


def hit_cells(hit: Hit) -> tuple[str, ...]:
    """The row of a hit; the last cell is its state."""
    place = hit.place
    where = place.road or place.site_id or place.camera_id
    return (
        to_rfc3339(hit.read.captured_at)[:19].replace("T", " "),
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
