"""Journey, handover, doubts and operations of a hit, as lines for people."""

from collections.abc import Iterator
from typing import Final

from streams.cli.common.times import format_minute, format_span
from streams.records.hit import Hit
from streams.records.journey import Handover, Journey, Pursuit

_MAX_NEXT_SITES: Final = 2


def hit_details(hit: Hit) -> Iterator[tuple[str, str]]:
    """Yield what a hit has beyond its match, each a label and a text.

    These are the handover, the last leg and the next sites, signs of a second vehicle, joint operations, and
    the authority of a lookback.
    """
    if hit.handover is not None:
        yield "handover", describe_handover(hit.handover)
        if hit.kind == "new" and hit.handover.pursuit is not None:
            yield "pursuit", describe_pursuit(hit.handover.pursuit)
    elif hit.journey is not None:
        for line in describe_journey(hit.journey):
            yield "journey", line
    for doubt in hit.doubts:
        yield (
            "doubt",
            f"{'cloned plate?' if doubt.kind == 'too-fast' else 'another vehicle?'} {doubt.meaning}",
        )
    for admission in hit.operations:
        best = (
            f", best at {admission.site_id} {format_span(admission.earliest, admission.latest)}"
            if admission.site_id
            else ""
        )
        yield "operation", f"{admission.operation_id}, score {admission.score:.2f}{best}"
    if hit.lookback is not None:
        lookback = hit.lookback
        yield "lookback", f"over {lookback.hours:g} h in {lookback.country}: {lookback.source}"


def describe_handover(handover: Handover) -> str:
    """Return where the vehicle goes and when, and which centre hands over to which."""
    verb = "crossed into" if handover.state == "crossed" else "heads to"
    when = format_span(handover.earliest, handover.latest)
    centres = f"{handover.from_centre or handover.from_} to {handover.to_centre or handover.to}"
    group = f", talkgroup {handover.talkgroup}" if handover.talkgroup else ""
    return (
        f"{verb} {handover.to}, {handover.site_id} {when}: {centres}{group}, until "
        f"{format_minute(handover.ends)}"
    )


def describe_pursuit(pursuit: Pursuit) -> str:
    """Return what a pursuing crew may do on the other side of the border."""
    allowed = "may go on" if pursuit.allowed else "may not go on"
    limits = [f"{pursuit.km:g} km"] if pursuit.km is not None else []
    limits += [f"{pursuit.minutes:g} min"] if pursuit.minutes is not None else []
    within = f" within {' and '.join(limits)}" if limits else ""
    conditions = f"; {pursuit.conditions}" if pursuit.conditions else ""
    return f"pursuers {allowed}{within}: {pursuit.may}{conditions} ({pursuit.source})"


def describe_journey(journey: Journey) -> Iterator[str]:
    """Yield one line with the last leg and the next sites, if there is either."""
    last, parts = journey.passages[-1], []
    if len(journey.passages) > 1 and last.km is not None and last.minutes is not None:
        before = journey.passages[-2]
        speed = f", {last.kmh:.0f} km/h" if last.kmh is not None else ""
        parts.append(
            f"from {before.site_id or before.camera_id} {last.minutes:.0f} min before ({last.km:g} km{speed})"
        )
    next_sites = journey.next[:_MAX_NEXT_SITES]
    if next_sites:
        windows = (f"{site.site_id} {format_span(site.earliest, site.latest)}" for site in next_sites)
        parts.append(f"next {', '.join(windows)}")
    if parts:
        yield "; ".join(parts)
