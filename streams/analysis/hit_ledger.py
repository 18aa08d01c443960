"""Account: the hits that were told and what centres said of them, as they stand in the end."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.verdict import Verdict

VehicleId = tuple[str, ...]
"""What names a vehicle: list and alert; for a pattern, which many vehicles fit, the plate read too."""
_REPLACED_REASONS = ("superseded", "alert-replaced")


class HitLedger:
    """Hits and verdicts, taken in any order, again and again; the outcome is the same.

    Of a hit the highest revision holds. `confirmed` and `rejected` are judgements, the latest on a hit holds;
    `acknowledged` is none. Whether a vehicle was stopped is what each centre said last: one that says nothing
    of it takes back nothing that another said.
    """

    def __init__(self) -> None:
        self._hits: dict[str, Hit] = {}
        self._adjudications: dict[str, Verdict] = {}
        self._latest_by_centre: dict[tuple[str, str], Verdict] = {}

    def add_hit(self, hit: Hit) -> None:
        """Takes a revision of a hit, and the verdict on it."""
        known = self._hits.get(hit.hit_id)
        if known is None or _is_newer(known, hit):
            self._hits[hit.hit_id] = hit
        if hit.verdict is not None:
            self.add_verdict(hit.verdict)

    def add_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict, on a hit known already or not."""
        by = verdict.hit_id, verdict.centre
        if by not in self._latest_by_centre or _sort_key(self._latest_by_centre[by]) < _sort_key(verdict):
            self._latest_by_centre[by] = verdict
        known = self._adjudications.get(verdict.hit_id)
        if verdict.verdict != "acknowledged" and (known is None or _sort_key(known) < _sort_key(verdict)):
            self._adjudications[verdict.hit_id] = verdict

    def hits(self) -> Iterable[Hit]:
        """The latest revision of each hit, also of those withdrawn."""
        return self._hits.values()

    def adjudication(self, hit_id: str) -> Literal["confirmed", "rejected"] | None:
        """What the latest judgement on a hit says; None if there is none."""
        known = self._adjudications.get(hit_id)
        if known is None or known.verdict == "acknowledged":
            return None
        return known.verdict

    def interception_times(self) -> dict[str, datetime]:
        """By hit, when a centre said that the vehicle was stopped; of several the first."""
        found: dict[str, datetime] = {}
        for (hit_id, _), verdict in self._latest_by_centre.items():
            if verdict.intercepted:
                found[hit_id] = min(verdict.at, found.get(hit_id, verdict.at))
        return found


def vehicle_id(hit: Hit) -> VehicleId:
    """What names the vehicle of a hit."""
    alert = hit.alert.list_id, hit.alert.alert_id
    return (*alert, hit.match.read_plate) if hit.match.class_ == "pattern" else alert


def find_admission(hit: Hit, operation_id: str) -> Admission | None:
    """What a hit says of an operation; None if that does not admit it."""
    return next((each for each in hit.operations if each.operation_id == operation_id), None)


def is_duplicate(hit: Hit) -> bool:
    """Whether another hit tells of the same passage: a handover's, or one in whose place another stands."""
    return hit.handover is not None or (
        hit.withdrawn is not None and hit.withdrawn.reason in _REPLACED_REASONS
    )


def _is_newer(stored: Hit, hit: Hit) -> bool:
    if stored.revision != hit.revision:
        return stored.revision < hit.revision
    # As after a worker was replaced; which of the two holds must not depend on which came first.
    return stored != hit and encode(stored) < encode(hit)


def _sort_key(verdict: Verdict) -> tuple[object, ...]:
    return verdict.at, encode(verdict)
