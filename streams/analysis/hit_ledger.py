"""The hit ledger: the latest revision of each hit, with its adjudication and interception."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from streams.correlation.budget import hit_outcome
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.latest import latest_whole_hits
from streams.records.verdict import Verdict, verdict_order

VehicleId = tuple[str, ...]
"""List id and alert id of a vehicle; for a pattern, which many vehicles fit, the plate read as well."""


class HitLedger:
    """Hits and verdicts, in any order and with repetitions.

    The latest adjudication of a hit counts, whichever centre gave it. Whether the vehicle was intercepted is
    taken from the latest verdict of each centre: a centre that does not mention an interception does not
    revoke what another reported.
    """

    def __init__(self) -> None:
        self._hits = latest_whole_hits()
        self._latest_by_centre: dict[tuple[str, str], Verdict] = {}

    def add_hit(self, hit: Hit) -> None:
        """Add a revision of a hit, with the verdict on it."""
        self._hits.add_hit(hit)
        if hit.verdict is not None:
            self._add_by_centre(hit.verdict)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict on a known or unknown hit."""
        self._hits.add_verdict(verdict)
        self._add_by_centre(verdict)

    def hits(self) -> Iterable[Hit]:
        """Return the latest revision of each hit, including withdrawn ones."""
        return self._hits.values()

    def adjudication(self, hit_id: str) -> Literal["confirmed", "rejected"] | None:
        """Return the latest adjudication of a hit; None if there is none."""
        verdict = self._hits.verdicts.adjudication(hit_id)
        return None if verdict is None or verdict.verdict == "acknowledged" else verdict.verdict

    def interception_times(self) -> dict[str, datetime]:
        """Return by hit the time of the first verdict that reports an interception."""
        times: dict[str, datetime] = {}
        for (hit_id, _), verdict in self._latest_by_centre.items():
            if verdict.intercepted:
                times[hit_id] = min(verdict.at, times.get(hit_id, verdict.at))
        return times

    def _add_by_centre(self, verdict: Verdict) -> None:
        key = verdict.hit_id, verdict.centre
        latest = self._latest_by_centre.get(key)
        if latest is None or verdict_order(latest) < verdict_order(verdict):
            self._latest_by_centre[key] = verdict


def vehicle_id(hit: Hit) -> VehicleId:
    """Return the id of the vehicle of a hit."""
    alert = hit.alert.list_id, hit.alert.alert_id
    return (*alert, hit.match.read_plate) if hit.match.class_ == "pattern" else alert


def find_admission(hit: Hit, operation_id: str) -> Admission | None:
    """Return the admission of a hit to an operation; None if it was not admitted."""
    return next((admission for admission in hit.operations if admission.operation_id == operation_id), None)


def is_duplicate(hit: Hit) -> bool:
    """True if another hit is of the same passage: this one is a handover, or was replaced."""
    return hit.handover is not None or hit_outcome(hit) == "replaced"
