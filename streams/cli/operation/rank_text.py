"""The ranking of an operation's vehicles, as text and for JSON."""

from collections.abc import Sequence
from typing import Any, Final

from streams.analysis.crew_allocation import CrewSlot, NoSlotReason
from streams.analysis.vehicle_ranking import RankedVehicle
from streams.cli.common.hit_text import action_text, describe_match, short_id
from streams.cli.common.text import counted, printable, wrap
from streams.cli.common.times import format_datetime, format_minute, format_span
from streams.cli.operation.selection import SelectedOperation
from streams.records.times import Millis, from_ms, to_rfc3339

_INDENT: Final = 4
_REASONS: Final[dict[NoSlotReason, str]] = {
    "full": "better ones take the crew's time",
    "no-crew": "none can be ready on its way",
    "over": "comes when the operation is over",
}


def ranking_heading(selected: SelectedOperation, ranking: Sequence[RankedVehicle], at_ms: Millis) -> str:
    """Return the line above the ranking: the operation, the time, and how many vehicles crews go for."""
    slot_count = sum(ranked.slot is not None for ranked in ranking)
    group = selected.operation.talkgroup
    parts = [
        f"{selected.operation_id} at {format_datetime(from_ms(at_ms))} (UTC): "
        f"{counted(len(ranking), 'vehicle')}, {slot_count:,} for the crews"
    ]
    return printable("; ".join([*parts, f"talkgroup {group}"] if group else parts))


def vehicle_lines(ranked: RankedVehicle) -> list[str]:
    """Return a vehicle of the ranking in lines of at most 80 columns; the action and the crew come first."""
    hit, admission = ranked.hit, ranked.admission
    indent = " " * _INDENT
    crew = (
        _describe_slot(ranked.slot)
        if ranked.slot is not None
        else f"no crew: {_REASONS[ranked.no_slot_reason or 'full']}"
    )
    plate = f"{hit.match.read_plate} {hit.read.country or '?'}"
    seen = f"seen at {hit.place.site_id or hit.place.camera_id} {format_minute(hit.read.captured_at)}"
    if admission.site_id is not None:
        seen += f", comes by {admission.site_id} {format_span(admission.earliest, admission.latest)}"
    alert = (
        f"{hit.alert.list_id}/{hit.alert.alert_id}, priority {hit.priority}, {describe_match(hit.match)}, "
        f"score {admission.score:.3f}, hit {short_id(hit.hit_id)}"
    )
    return [
        *wrap(f"{action_text(hit).upper()}  {plate}  {crew}", indent, f"{ranked.rank:>2}  "),
        *wrap(seen, indent, indent),
        *wrap(alert, indent, indent),
    ]


def _describe_slot(slot: CrewSlot) -> str:
    crew = f"crew {slot.crew}" if slot.crew > 1 else "crew"
    return f"{crew} goes {format_span(from_ms(slot.begins_ms), from_ms(slot.ends_ms))}"


def vehicle_fields(ranked: RankedVehicle, at_ms: Millis) -> dict[str, Any]:
    """Return a vehicle of the ranking, for JSON."""
    hit, admission, slot = ranked.hit, ranked.admission, ranked.slot
    return {
        "at": to_rfc3339(from_ms(at_ms)),
        "rank": ranked.rank,
        "score": admission.score,
        "chance": admission.chance,
        "hit_id": hit.hit_id,
        "list_id": hit.alert.list_id,
        "alert_id": hit.alert.alert_id,
        "priority": hit.priority,
        "action": hit.action,
        "class": hit.match.class_,
        "posterior": hit.match.posterior,
        "read_plate": hit.match.read_plate,
        "country": hit.read.country,
        "captured_at": to_rfc3339(hit.read.captured_at),
        "seen_at": hit.place.site_id or hit.place.camera_id,
        "site_id": admission.site_id,
        "earliest": admission.earliest and to_rfc3339(admission.earliest),
        "latest": admission.latest and to_rfc3339(admission.latest),
        "talkgroup": admission.talkgroup,
        "chosen": slot is not None,
        "slot": slot
        and {
            "crew": slot.crew,
            "begins": to_rfc3339(from_ms(slot.begins_ms)),
            "ends": to_rfc3339(from_ms(slot.ends_ms)),
        },
        "why_not": ranked.no_slot_reason,
    }
