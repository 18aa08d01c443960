"""The gateway put together: what cameras send over HTTP, kept in the spool, delivered to Kafka."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.gateway.delivery import Delivery
from streams.gateway.http.access import Access
from streams.gateway.http.connections import Connections
from streams.gateway.http.rate_limits import RateLimits
from streams.gateway.http.server import Server, build_tls_context
from streams.gateway.intake import Intake
from streams.gateway.monitoring.metrics import GatewayCounts, render_metrics
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.gateway.mqtt import Subscription
from streams.gateway.pictures import PictureStore
from streams.gateway.spool.spool import Entry, Spool, SpoolStatistics
from streams.gateway.spool.writer import SpoolWriter
from streams.kafka.client import Secret
from streams.records.times import HOUR_MS

_log = logging.getLogger(__name__)
_CHECK_INTERVAL_S: Final = 1.0
_CHECKS_PER_EXPIRY: Final = 60
"""Looks after which the spool is searched for what is too old."""
_MB: Final = 1_000_000
_SHUTDOWN_TIMEOUT_S: Final = 5.0


class Gateway:
    """One gateway. Raises SpoolError if its spool cannot be used."""

    def __init__(
        self,
        config: GatewayConfig,
        cameras: Mapping[str, GatewayCameraConfig],
        topics: Mapping[str, str],
        dead_letter_topic: str,
        access: Access,
        options: Mapping[str, Any],
        now_ms: Callable[[], int],
        say: Callable[[str], None],
        mqtt_password: Secret | None = None,
    ) -> None:
        """`topics` of reads by camera, `rejected` that of dead letters; `options` are kafka-python's."""
        self._config = config
        self._now_ms = now_ms
        self._say = say
        self._spool = Spool(Path(config.spool), config.spool_mb * _MB)
        self._spool_writer = SpoolWriter(self._spool, lambda topics: self._delivery.notify(topics))
        self._delivery = Delivery(
            Path(config.spool),
            self._spool.id,
            {*topics.values(), dead_letter_topic},
            options,
            self._spool_writer.delete,
            self._is_late,
        )
        self._monitor_file = Path(f"{config.spool}.watch")
        self._monitor = self._restore_monitor(cameras)
        self._spool_statistics = self._spool.statistics()
        self._expired_entries = 0
        self._server = Server(
            config,
            access,
            RateLimits({name: camera.events_per_s for name, camera in cameras.items()}),
            Intake(cameras, topics, dead_letter_topic),
            self._monitor,
            self._spool_writer,
            PictureStore(Path(config.pictures)) if config.pictures else None,
            now_ms,
            self._render_metrics,
            self._build_status,
        )
        self._mqtt: Subscription | None = None
        if config.mqtt_host is not None:
            self._mqtt = Subscription(config, mqtt_password, cameras, self._server.handle_message, now_ms)
        self._connections = Connections(self._server.handle, config.event_s)
        self._check_task: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Begins to take events; the address and the port it listens on. Raises OSError if it cannot."""
        address = await self._connections.listen(
            self._config.host, self._config.port, build_tls_context(self._config)
        )
        self._delivery.start()
        if self._mqtt is not None:
            self._mqtt.start()
        self._check_task = asyncio.create_task(self._run_checks())
        return address

    async def stop(self) -> int:
        """Takes no more events, delivers what it can in a few seconds; how many entries are left."""
        if self._mqtt is not None:
            await asyncio.to_thread(self._mqtt.stop)
        await self._connections.close()
        if self._check_task is not None:
            self._check_task.cancel()
        await asyncio.to_thread(self._delivery.stop, _SHUTDOWN_TIMEOUT_S)
        self._save_monitor()
        left = (await self._spool_writer.statistics()).entries
        await self._spool_writer.close()
        return left

    def _is_late(self, entry: Entry) -> bool:
        return (
            entry.captured_ms is not None
            and self._now_ms() - entry.captured_ms > self._config.late_after_s * 1000
        )

    async def _run_checks(self) -> None:
        turn = 0
        while True:
            self._spool_statistics = await self._spool_writer.statistics()
            for words in self._monitor.blind_changes(self._now_ms()):
                self._say(words)
            if turn % _CHECKS_PER_EXPIRY == 0:
                before = self._now_ms() - int(self._config.spool_hours * HOUR_MS)
                gone = await self._spool_writer.expire(before)
                if gone:
                    self._expired_entries += gone
                    _log.error(
                        "%d reads waited longer than [gateway] spool_hours = %g for Kafka, and are given up",
                        gone,
                        self._config.spool_hours,
                    )
                self._save_monitor()
            turn += 1
            await asyncio.sleep(_CHECK_INTERVAL_S)

    def _restore_monitor(self, cameras: Mapping[str, GatewayCameraConfig]) -> CameraMonitor:
        """The watch as it was when the last gateway ended, so that the usual rates are known."""
        try:
            state = self._monitor_file.read_bytes()
        except FileNotFoundError:
            return CameraMonitor(cameras)
        except OSError as error:
            _log.warning("%s cannot be read, the usual rates are learnt anew: %s", self._monitor_file, error)
            return CameraMonitor(cameras)
        watch, words = CameraMonitor.restore(cameras, state)
        if words:
            _log.warning("%s: %s", self._monitor_file, words)
        return watch

    def _save_monitor(self) -> None:
        part = self._monitor_file.with_suffix(".part")
        try:
            part.write_bytes(self._monitor.encode_state())
            part.replace(self._monitor_file)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._monitor_file, error)

    def _render_metrics(self) -> bytes:
        figures, delivery = self._spool_statistics, self._delivery
        return render_metrics(
            self._monitor,
            GatewayCounts(
                pending_entries=figures.entries,
                spool_bytes=figures.used_bytes,
                oldest_age_s=self._oldest_age_s(figures),
                acknowledged_entries=delivery.acknowledged_count,
                expired_entries=self._expired_entries,
                spool_full_events=self._server.spool_full_events,
                kafka_up=not delivery.last_errors,
            ),
            self._now_ms(),
        )

    def _build_status(self) -> tuple[bool, dict[str, Any]]:
        figures, delivery = self._spool_statistics, self._delivery
        room = figures.used_bytes < self._config.spool_mb * _MB
        return room, {
            "spool": {
                "entries": figures.entries,
                "bytes": figures.used_bytes,
                "oldest_s": self._oldest_age_s(figures),
                "room": room,
            },
            "kafka": {
                "confirmed": delivery.acknowledged_count,
                "troubles": delivery.last_errors,
            },
            **({"mqtt": {"reached": self._mqtt.connected}} if self._mqtt is not None else {}),
        }

    def _oldest_age_s(self, statistics: SpoolStatistics) -> float:
        return (
            0.0 if statistics.oldest_ms is None else max(0.0, (self._now_ms() - statistics.oldest_ms) / 1000)
        )
