"""Sightings of matches: where and when they were, and whether they count."""

from streams.correlation.config import CorrelationRules
from streams.correlation.joint_operations import JointOperations
from streams.correlation.passages import PlaceKey, Sighting
from streams.records.match import Match
from streams.records.times import Millis, to_ms


class SightingFactory:
    """Factory of sightings."""

    def __init__(self, rules: CorrelationRules, joint_operations: JointOperations) -> None:
        self._places = rules.places
        self._min_posterior = rules.config.sure_posterior
        self._min_confidence = rules.config.sure_confidence
        self._joint_operations = joint_operations
        self._place_keys: dict[tuple[str, str], PlaceKey] = {}

    def from_match(self, match: Match, matched_ms: Millis) -> Sighting:
        """Build the sighting of a match that was made at a time."""
        read, result = match.read, match.result
        captured_ms = to_ms(read.captured_at)
        is_reliable = (
            result.class_ == "exact"
            and not result.contradictions
            and (result.posterior or 0.0) >= self._min_posterior
            and (read.confidence is None or read.confidence >= self._min_confidence)
        )
        site_id = self._places.site_at(read.camera_id, captured_ms)
        return Sighting(
            match, captured_ms, matched_ms, site_id, self._place_key(read.camera_id, site_id), is_reliable
        )

    def is_admitted(self, sighting: Sighting) -> bool:
        """True if the operation to which the alert is bound, if any, admits a sighting."""
        bound = sighting.match.alert.operation_id is not None
        return not bound or bool(self._joint_operations.admitting_operations(sighting))

    def _place_key(self, camera_id: str, site_id: str | None) -> PlaceKey:
        """Return the place of a camera; sightings at one place share it."""
        key = ("camera", camera_id) if site_id is None else ("site", site_id)
        place = self._place_keys.get(key)
        if place is None:
            place = self._place_keys[key] = PlaceKey("camera" if site_id is None else "site", key[1])
        return place
