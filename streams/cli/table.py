"""Hits as a table for people."""

from rich.console import Console
from rich.table import Table

from streams.records.hit import Hit
from streams.records.match import Edit
from streams.records.times import rfc3339

_STYLES = {"new": "bold", "amended": "", "withdrawn": "dim"}


def hits_table(hits: list[Hit]) -> Table:
    """A table of revisions of hits, in the order given."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("captured (UTC)", "where", "read", "listed", "how they match", "do", "list/alert", "hit"):
        table.add_column(heading, overflow="fold")
    for hit in hits:
        place = hit.place.road or hit.place.site_id or hit.place.camera_id
        match = hit.match
        table.add_row(
            rfc3339(hit.read.captured_at)[:19].replace("T", " "),
            f"{place} ({hit.place.territory})" if hit.place.territory else place,
            f"{match.read_plate} {hit.read.country or '?'}",
            f"{match.listed_plate} {hit.alert.country or '?'}",
            how(hit),
            f"{hit.action} (priority {hit.priority})",
            f"{hit.alert.list_id}/{hit.alert.alert_id}",
            state(hit),
            style=_STYLES[hit.kind],
        )
    return table


def print_hits(hits: list[Hit], console: Console | None = None) -> None:
    """Prints the table to stdout."""
    (console or Console()).print(hits_table(hits))


def how(hit: Hit) -> str:
    """How the plates agree, in a few words."""
    parts = [hit.match.class_, *(edit_words(edit) for edit in hit.match.edits)]
    parts += [f"{each.what}: read {each.read}, listed {each.listed}" for each in hit.match.contradictions]
    if hit.match.possible_countries:
        parts.append("possible in " + ", ".join(hit.match.possible_countries))
    return "; ".join(parts)


def edit_words(edit: Edit) -> str:
    """An edit in words: `8 read for B at 1, settled by the format`."""
    why = {"settled": ", settled by the format", "equivalent": "", "umlaut": ", umlaut"}[edit.kind]
    return f"{edit.read} read for {edit.listed} at {edit.position}{why}"


def state(hit: Hit) -> str:
    """What the revision says of the hit."""
    if hit.withdrawn is not None:
        return f"withdrawn: {hit.withdrawn.reason}"
    words = "new" if hit.kind == "new" else f"amended (revision {hit.revision})"
    if hit.verdict is not None:
        words += f", {hit.verdict.verdict}"
    return f"{words}, {hit.mode}"
