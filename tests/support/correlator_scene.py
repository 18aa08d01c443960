"""A correlator of one alert, with a camera at each of two linked sites."""

from datetime import datetime
from typing import Any

from streams.alerts import Index
from streams.correlation.correlator import Correlator
from streams.network.config import CameraConfig, Places
from streams.pipeline import PipelineConfig, build_correlator, build_matcher
from streams.records.alert import Alert, alert_key
from streams.records.encode import encode
from streams.records.hit import Hit, compute_hit_id
from streams.records.match import Match
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict
from tests.support.builders import a_match, a_read, a_withdrawal, after_noon, an_alert
from tests.support.networks import make_sites

PLATE = "AB-123-CD"
VALID_S = 3600
"""The end of the alert, in seconds after noon."""
ALERT = an_alert(PLATE, "FR", valid_until=after_noon(VALID_S))
KEY = alert_key(ALERT)
CONFIG = PipelineConfig(
    places=Places({"c1": CameraConfig("s1"), "c2": CameraConfig("s2")}, make_sites("s1-s2 10 6"))
)


def at(seconds: float) -> Millis:
    """Return a time in seconds after noon."""
    return to_ms(after_noon(seconds))


def hit_id(read_id: str, camera_id: str = "c1", alert: Alert = ALERT) -> str:
    """Return the id of the hit of a read."""
    return compute_hit_id(alert, a_read(PLATE, read_id=read_id, camera_id=camera_id))


def a_verdict_on(read_id: str, verdict: Any, seconds: float) -> Verdict:
    """A verdict on the hit of a read by the first camera."""
    return Verdict(hit_id(read_id), "ccpd", verdict, after_noon(seconds))


def summarise(hits: list[Hit]) -> list[str]:
    """Return the kind and the read of each revision, and the reason of a retraction."""
    return [
        f"{hit.kind} {hit.read.read_id}" + (f": {hit.withdrawn.reason}" if hit.withdrawn else "")
        for hit in hits
    ]


class CorrelatorScene:
    """A correlator of one alert, with a camera at each of two linked sites; all times in seconds after noon.

    Each event returns a summary of its revisions; `hits` are all revisions so far.
    """

    def __init__(self) -> None:
        self.index = Index()
        self.index.put(ALERT)
        self.hits: list[Hit] = []
        self.matches: list[tuple[Match, Millis]] = []
        self.correlator = self._new_correlator()

    def read(self, read_id: str, seconds: float, camera_id: str = "c1", confidence: float = 0.9) -> list[str]:
        """Handle the match of a read of the listed plate."""
        fields = {"read_id": read_id, "camera_id": camera_id, "confidence": confidence}
        match = a_match(a_read(PLATE, "FR", captured_at=after_noon(seconds), **fields), ALERT)
        self.matches.append((match, at(seconds)))
        return self._record(self.correlator.handle_match(match, at(seconds)))

    def replace_alert(self, version: Alert, seconds: float) -> list[str]:
        """Handle a new version of the alert."""
        self.index.put(version)
        return self._record(self.correlator.handle_alert_change(KEY, at(seconds)))

    def withdraw(self, seconds: float, effective: datetime | None = None) -> list[str]:
        """Handle the withdrawal of the alert, which takes effect then or at another time."""
        self.index.withdraw(a_withdrawal(ALERT.alert_id, effective or after_noon(seconds)))
        return self._record(self.correlator.handle_alert_change(KEY, at(seconds)))

    def judge(self, read_id: str, verdict: Any, seconds: float) -> list[str]:
        """Handle a verdict on the hit of a read by the first camera."""
        return self._record(
            self.correlator.handle_verdict(a_verdict_on(read_id, verdict, seconds), at(seconds))
        )

    def wait(self, seconds: float) -> list[str]:
        """Advance the time."""
        return self._record(self.correlator.handle_time(at(seconds)))

    def flush(self) -> list[str]:
        """End the input."""
        return self._record(self.correlator.flush())

    def restart(self, seconds: float) -> list[str]:
        """Restore a new correlator from the matches and hits so far, and hydrate it."""
        self.correlator = self._new_correlator()
        for match, matched_ms in self.matches:
            self.correlator.restorer.add_match(KEY, encode(match), matched_ms)
        for hit in self.hits:
            self.correlator.restorer.add_hit(encode(hit))
        revisions = self.correlator.restorer.finish(at(seconds))
        return self._record(revisions + self.correlator.hydrate(at(seconds), self.correlator.cold_count))

    def _new_correlator(self) -> Correlator:
        return build_correlator(CONFIG, self.index, build_matcher(CONFIG))

    def _record(self, hits: list[Hit]) -> list[str]:
        self.hits += hits
        return summarise(hits)
