"""Hits counted by vehicle, for the end of a run."""

from collections import Counter
from typing import NamedTuple

from streams.analysis.hit_ledger import VehicleId, vehicle_id
from streams.cli.common.hit_text import action_text
from streams.cli.common.text import counted
from streams.records.hit import Hit
from streams.records.times import Millis, to_ms


class _LatestRevision(NamedTuple):
    """The parts of a hit's latest revision that count."""

    vehicle: VehicleId
    captured_ms: Millis
    action: str
    is_active: bool
    is_handover: bool


class VehicleSummary:
    """The listed vehicles of hits, by what is to be done about them at the end.

    A vehicle is that of an alert, for a pattern also of the plate read. Its action is that of its latest
    active hit, `no action` if that is historical.
    """

    def __init__(self) -> None:
        self._hits: dict[str, _LatestRevision] = {}

    def add(self, hits: list[Hit]) -> None:
        """Add revisions of hits, in the order in which they were emitted."""
        for hit in hits:
            self._hits[hit.hit_id] = _LatestRevision(
                vehicle_id(hit),
                to_ms(hit.read.captured_at),
                action_text(hit) if hit.mode == "live" else "no action (historical)",
                hit.kind != "withdrawn",
                hit.handover is not None,
            )

    def describe(self) -> str:
        """Return the counts as a line: vehicles by action, withdrawn vehicles, handovers."""
        passages = [hit for hit in self._hits.values() if not hit.is_handover]
        handovers = [hit for hit in self._hits.values() if hit.is_handover]
        latest: dict[VehicleId, _LatestRevision] = {}
        for hit in sorted(passages, key=lambda hit: hit.captured_ms):
            if hit.is_active:
                latest[hit.vehicle] = hit
        actions = Counter(hit.action for hit in latest.values())
        by_action = ", ".join(f"{count:,} {action}" for action, count in actions.most_common())
        parts = [f"{counted(len(latest), 'listed vehicle')} hit" + (f": {by_action}" if by_action else "")]
        withdrawn = len({hit.vehicle for hit in passages} - latest.keys())
        if withdrawn:
            parts.append(f"{withdrawn:,} more hit and withdrawn")
        if handovers:
            active = sum(hit.is_active for hit in handovers)
            parts.append(f"{counted(len(handovers), 'handover')}, {active:,} of them active at the end")
        return "; ".join(parts)
