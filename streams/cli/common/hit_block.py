"""A hit as a block of lines for a terminal of 80 columns, what to do first."""

from collections.abc import Iterator

from streams.cli.common.hit_text import (
    action_text,
    describe_differences,
    describe_likelihood,
    describe_passage,
    describe_retraction,
    describe_state,
    describe_vehicle,
    is_actionable,
    short_id,
)
from streams.cli.common.journey_text import hit_details
from streams.cli.common.text import LABEL_WIDTH, labelled, wrap
from streams.cli.common.times import format_datetime
from streams.records.hit import Hit


def hit_block(hit: Hit, *, complete: bool = False) -> Iterator[str]:
    """Yield the lines of a hit: the action with the hit's id and state, then what an officer needs for it.

    A hit that is withdrawn or historical begins with `NO ACTION`, and the alert's action comes last. Of a
    withdrawn hit the vehicle, the likelihood and the journey are left out, unless `complete` is set.
    """
    head = f"{action_text(hit).upper() if is_actionable(hit) else 'NO ACTION'}  {short_id(hit.hit_id)}"
    yield from wrap(f"{head}  {describe_state(hit)}, priority {hit.priority}", " " * LABEL_WIDTH)
    for label, text in _fields(hit, complete or hit.kind != "withdrawn"):
        yield from labelled(label, text)


def _fields(hit: Hit, complete: bool) -> Iterator[tuple[str, str]]:
    if hit.withdrawn is not None:
        yield "because", describe_retraction(hit.withdrawn)
    yield "where", _describe_place(hit)
    yield "camera", f"{hit.place.camera_id}, {format_datetime(hit.read.captured_at)} UTC"
    yield "list", f"{hit.alert.list_id}/{hit.alert.alert_id}: {hit.alert.reason}"
    if complete:
        yield "vehicle", describe_vehicle(hit.alert.vehicle, hit.read.vehicle)
    yield "plate", _describe_plates(hit)
    if complete:
        for line in describe_differences(hit.match):
            yield "", line
        yield "likelihood", f"{describe_likelihood(hit.match.posterior)} ({hit.match.class_} match)"
        if hit.passage is not None:
            yield "passage", describe_passage(hit.passage)
        yield from hit_details(hit)
    if hit.kind == "withdrawn":
        yield "action", f"none; was {action_text(hit)}"
    elif hit.mode == "historical":
        yield "action", f"none, a record of the past; {action_text(hit)} if it were live"


def _describe_place(hit: Hit) -> str:
    place = hit.place
    road = " ".join(part for part in (place.road, place.direction) if part)
    site = ", ".join(part for part in (place.site_id and f"site {place.site_id}", road) if part)
    return f"{site or 'unknown site'} ({place.territory or 'unknown country'})"


def _describe_plates(hit: Hit) -> str:
    read, listed = hit.match.read_plate, hit.match.listed_plate
    return f"read {read} {hit.read.country or '?'}, listed {listed} {hit.alert.country or '?'}"
