"""Where a vehicle has been and goes, as lines for people below the row of a hit."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from streams.records.hit import Hit
from streams.records.journey import Handover, Journey, Pursuit
from streams.records.times import to_rfc3339

_MAX_NEXT_SITES: Final = 2


def detail_lines(hit: Hit) -> Iterator[str]:
    """The handover, the last leg and what is next, signs that it is not one vehicle, the joint operations and
    the authority of a look back; a line each, of what there is."""
    if hit.handover is not None:
        yield describe_handover(hit.handover)
        if hit.kind == "new" and hit.handover.pursuit is not None:
            yield describe_pursuit(hit.handover.pursuit)
    elif hit.journey is not None:
        yield from describe_journey(hit.journey)
    for doubt in hit.doubts:
        yield f"{'a cloned plate?' if doubt.kind == 'too-fast' else 'another vehicle?'} {doubt.meaning}"
    for each in hit.operations:
        where = f", best at {each.site_id} {_format_span(each.earliest, each.latest)}" if each.site_id else ""
        yield f"operation {each.operation_id}: score {each.score:.2f}{where}"
    if hit.lookback is not None:
        found = hit.lookback
        yield f"found by looking back {found.hours:g} h in {found.country}: {found.source}"


def describe_handover(handover: Handover) -> str:
    """Where it goes and when, and who hands over to whom."""
    verb = "crossed into" if handover.state == "crossed" else "heads to"
    when = _format_span(handover.earliest, handover.latest)
    centres = f"{handover.from_centre or handover.from_} to {handover.to_centre or handover.to}"
    group = f", talkgroup {handover.talkgroup}" if handover.talkgroup else ""
    return (
        f"{verb} {handover.to}, {handover.site_id} {when}: {centres}{group}, until "
        f"{_format_time(handover.ends)}"
    )


def describe_pursuit(pursuit: Pursuit) -> str:
    """What those who pursue may do on the other side."""
    allowed = "may go on" if pursuit.allowed else "may not go on"
    limits = [f"{pursuit.km:g} km"] if pursuit.km is not None else []
    limits += [f"{pursuit.minutes:g} min"] if pursuit.minutes is not None else []
    within = f" within {' and '.join(limits)}" if limits else ""
    on = f"; {pursuit.conditions}" if pursuit.conditions else ""
    return f"pursuers {allowed}{within}: {pursuit.may}{on} ({pursuit.source})"


def describe_journey(journey: Journey) -> Iterator[str]:
    """The last leg, and the nearest sites ahead: a line, if there is either."""
    last, parts = journey.passages[-1], []
    if len(journey.passages) > 1 and last.km is not None and last.minutes is not None:
        before = journey.passages[-2]
        speed = f", {last.kmh:.0f} km/h" if last.kmh is not None else ""
        parts.append(
            f"from {before.site_id or before.camera_id} {last.minutes:.0f} min before ({last.km:g} km{speed})"
        )
    ahead = journey.next[:_MAX_NEXT_SITES]
    if ahead:
        sites = ", ".join(f"{each.site_id} {_format_span(each.earliest, each.latest)}" for each in ahead)
        parts.append(f"next {sites}")
    if parts:
        yield "; ".join(parts)


def _format_span(earliest: datetime | None, latest: datetime | None) -> str:
    if earliest is None or latest is None:
        return ""
    return (
        _format_time(earliest)
        if earliest == latest
        else f"{_format_time(earliest)} to {_format_time(latest)}"
    )


def _format_time(time: datetime) -> str:
    return to_rfc3339(time)[11:16]
