"""The status of a gateway, as `/metrics` and `/health/ready` report it."""

from typing import Any, Final

from streams.gateway.context import GatewayContext
from streams.gateway.delivery import Delivery
from streams.gateway.intake import Intake
from streams.gateway.monitoring.metrics import GatewayCounts, render_metrics
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.gateway.mqtt import Subscription
from streams.gateway.spool.spool import SpoolStatistics
from streams.records.times import SECOND_MS

MEGABYTE: Final = 1_000_000


class GatewayStatus:
    """Collects the figures of the parts of a gateway.

    The gateway sets `spool` every second, and adds to `expired_entries`; the other figures are read from the
    parts when they are asked for.
    """

    def __init__(
        self,
        context: GatewayContext,
        monitor: CameraMonitor,
        intake: Intake,
        delivery: Delivery,
        mqtt: Subscription | None = None,
    ) -> None:
        self._now_ms = context.now_ms
        self._spool_limit_bytes = context.config.spool_mb * MEGABYTE
        self._monitor = monitor
        self._intake = intake
        self._delivery = delivery
        self._mqtt = mqtt
        self.spool = SpoolStatistics(0, 0, None)
        self.expired_entries = 0
        """Entries deleted from the spool undelivered."""

    def render_metrics(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        counts = GatewayCounts(
            pending_entries=self.spool.entries,
            spool_bytes=self.spool.used_bytes,
            oldest_age_s=self._oldest_age_s(),
            acknowledged_entries=self._delivery.acknowledged_count,
            expired_entries=self.expired_entries,
            spool_full_events=self._intake.spool_full_events,
            kafka_up=not self._delivery.last_errors,
        )
        return render_metrics(self._monitor, counts, self._now_ms())

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Return whether the spool has room for events, and the state of the spool, Kafka and MQTT."""
        has_room = self.spool.used_bytes < self._spool_limit_bytes
        state: dict[str, Any] = {
            "spool": {
                "entries": self.spool.entries,
                "bytes": self.spool.used_bytes,
                "oldest_s": self._oldest_age_s(),
                "room": has_room,
            },
            "kafka": {
                "confirmed": self._delivery.acknowledged_count,
                "troubles": self._delivery.last_errors,
            },
        }
        if self._mqtt is not None:
            state["mqtt"] = {"reached": self._mqtt.connected}
        return has_room, state

    def _oldest_age_s(self) -> float:
        if self.spool.oldest_ms is None:
            return 0.0
        return max(0.0, (self._now_ms() - self.spool.oldest_ms) / SECOND_MS)
