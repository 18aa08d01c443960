"""Parts of a hit in words: its id, action, state, likelihood, vehicle, and where the plates differ."""

from collections.abc import Iterator
from typing import Final

from streams.cli.common.times import format_datetime, format_second
from streams.records.hit import MOST_READS_COUNTED, Hit, PassageSummary, Retraction
from streams.records.match import Edit, MatchResult
from streams.records.read import Vehicle

SHORT_ID_LENGTH: Final = 8
"""The digits of a hit id that are shown, and the fewest by which commands find a hit."""
_LIKELIHOODS: Final = ((0.99, "almost certain"), (0.9, "very likely"), (0.7, "likely"), (0.4, "possible"))
"""The lowest posterior of each word; below the last it is unlikely."""
_RETRACTIONS: Final = {
    "superseded": "another hit stands for its passage",
    "alert-withdrawn": "the alert was withdrawn",
    "alert-expired": "the alert has expired",
    "alert-replaced": "the alert has a newer version",
    "rejected": "a centre rejected this read and alert",
    "handover-over": "the handover is over",
}


def short_id(hit_id: str) -> str:
    """Return the first digits of a hit id: `7aeab3c2`."""
    return hit_id[:SHORT_ID_LENGTH]


def action_text(hit: Hit) -> str:
    """Return the action in words: `discreet check`."""
    return hit.action.replace("-", " ")


def is_actionable(hit: Hit) -> bool:
    """True if the action may be taken: the hit is live and not withdrawn."""
    return hit.kind != "withdrawn" and hit.mode == "live"


def describe_state(hit: Hit) -> str:
    """Return the state of a hit in this revision: `new, live`, `handover, withdrawn, live`."""
    parts = ["handover"] if hit.handover is not None else []
    parts += [hit.kind, hit.mode]
    if hit.verdict is not None:
        parts.append(f"{hit.verdict.verdict} by {hit.verdict.centre}")
    return ", ".join(parts)


def describe_retraction(retraction: Retraction) -> str:
    """Return why a hit was withdrawn."""
    reason = _RETRACTIONS[retraction.reason]
    replacement = retraction.superseded_by
    return f"{reason}: {short_id(replacement)}" if replacement is not None else reason


def describe_likelihood(posterior: float | None) -> str:
    """Return how likely it is the listed vehicle, in words and as a number: `very likely, 0.97`."""
    if posterior is None:
        return "not computed"
    word = next((word for bound, word in _LIKELIHOODS if posterior >= bound), "unlikely")
    return f"{word}, {_format_posterior(posterior)}"


def describe_passage(passage: PassageSummary) -> str:
    """Return what the reads of a passage say together: `3 reads since 10:00:00, together likely, 0.84`."""
    reads = f"{passage.reads} reads{' or more' if passage.reads == MOST_READS_COUNTED else ''}"
    since = format_second(passage.since)
    if passage.until is None:
        times = f"since {since}"
    elif passage.until.date() == passage.since.date():
        times = f"from {since} to {format_second(passage.until)}"
    else:
        times = f"from {since} to {format_datetime(passage.until)}"
    together = "" if passage.posterior is None else f", together {describe_likelihood(passage.posterior)}"
    return f"{reads} {times}{together}"


def describe_match(match: MatchResult) -> str:
    """Return the match class and the posterior: `fuzzy 0.80`."""
    if match.posterior is None:
        return match.class_
    return f"{match.class_} {_format_posterior(match.posterior)}"


def describe_vehicle(listed: Vehicle | None, seen: Vehicle | None) -> str:
    """Return the vehicle as the alert describes it and as the recogniser saw it."""
    listed_text, seen_text = _appearance(listed), _appearance(seen)
    if not listed_text:
        return f"not described in the alert; seen: {seen_text}" if seen_text else "not described"
    if not seen_text:
        return listed_text
    return f"{listed_text}; seen: {'the same' if seen_text == listed_text else seen_text}"


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


def _format_posterior(posterior: float) -> str:
    # Rounded down: no read makes it certain.
    return f"{int(posterior * 100) / 100:.2f}"


def _appearance(vehicle: Vehicle | None) -> str:
    if vehicle is None:
        return ""
    make = " ".join(part for part in (vehicle.make, vehicle.model) if part)
    return ", ".join(part for part in (make, vehicle.colour, vehicle.type) if part)
