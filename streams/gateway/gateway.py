"""The gateway: events of cameras over HTTP and MQTT, stored in a spool and delivered to Kafka."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from streams.gateway.context import GatewayContext
from streams.gateway.delivery import Delivery
from streams.gateway.http.access import Access
from streams.gateway.http.connections import Connections
from streams.gateway.http.server import Server
from streams.gateway.intake import Intake
from streams.gateway.monitoring.state_file import MonitorStateFile
from streams.gateway.monitoring.status import MEGABYTE, GatewayStatus
from streams.gateway.mqtt import Subscription
from streams.gateway.spool.spool import Spool
from streams.gateway.spool.writer import SpoolWriter
from streams.gateway.tls import build_server_context
from streams.records.times import HOUR_MS
from streams.runtime.secrets import Secret

_log = logging.getLogger(__name__)
_CHECK_INTERVAL_S: Final = 1.0
_CHECKS_PER_EXPIRY: Final = 60
"""Checks between two searches of the spool for entries that are too old."""
_SHUTDOWN_TIMEOUT_S: Final = 5.0


class Gateway:
    """One gateway process.

    Raises SpoolError if its spool cannot be used, and TlsError for a file of authorities of MQTT that cannot.
    """

    def __init__(
        self,
        context: GatewayContext,
        access: Access,
        kafka_options: Mapping[str, Any],
        mqtt_password: Secret | None = None,
    ) -> None:
        """`kafka_options` are the connection options of kafka-python."""
        config = context.config
        self._context = context
        spool = Spool(Path(config.spool), config.spool_mb * MEGABYTE)
        self._spool_writer = SpoolWriter(spool)
        self._delivery = Delivery(context, spool, kafka_options, self._spool_writer.delete)
        self._spool_writer.on_stored = self._delivery.notify
        self._monitor_file = MonitorStateFile(Path(f"{config.spool}.watch"))
        self._monitor = self._monitor_file.load(context.cameras)
        intake = Intake(context, self._spool_writer, self._monitor)
        self._mqtt = Subscription(context, intake, mqtt_password) if config.mqtt_host is not None else None
        self._status = GatewayStatus(context, self._monitor, intake, self._delivery, self._mqtt)
        self._status.spool = spool.statistics()
        server = Server(context, access, intake, self._monitor, self._status)
        self._connections = Connections(server.handle, config.event_s)
        self._check_task: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Start accepting events; return the address and the port.

        Raises OSError if the gateway cannot listen, TlsError if its certificate cannot be used.
        """
        config = self._context.config
        address = await self._connections.listen(config.host, config.port, build_server_context(config))
        self._delivery.start()
        if self._mqtt is not None:
            self._mqtt.start()
        self._check_task = asyncio.create_task(self._run_checks())
        return address

    async def stop(self) -> int:
        """Stop accepting events, deliver for at most 5 s, and return the number of entries left."""
        if self._mqtt is not None:
            await asyncio.to_thread(self._mqtt.stop)
        await self._connections.close()
        if self._check_task is not None:
            self._check_task.cancel()
        await asyncio.to_thread(self._delivery.stop, _SHUTDOWN_TIMEOUT_S)
        self._monitor_file.save(self._monitor)
        entries_left = (await self._spool_writer.statistics()).entries
        await self._spool_writer.close()
        return entries_left

    async def _run_checks(self) -> None:
        check = 0
        while True:
            self._status.spool = await self._spool_writer.statistics()
            for message in self._monitor.blind_changes(self._context.now_ms()):
                _log.warning("%s", message)
            if check % _CHECKS_PER_EXPIRY == 0:
                await self._expire_entries()
                self._monitor_file.save(self._monitor)
            check += 1
            await asyncio.sleep(_CHECK_INTERVAL_S)

    async def _expire_entries(self) -> None:
        spool_hours = self._context.config.spool_hours
        expired = await self._spool_writer.expire(self._context.now_ms() - int(spool_hours * HOUR_MS))
        if expired:
            self._status.expired_entries += expired
            _log.error(
                "%d records were not delivered to Kafka within [gateway] spool_hours = %g and are deleted",
                expired,
                spool_hours,
            )
