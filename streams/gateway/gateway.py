"""The gateway put together: what cameras send over HTTP, kept in the spool, delivered to Kafka."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from streams.gateway.config import Camera, GatewaySection
from streams.gateway.delivery import Delivery
from streams.gateway.http.access import Access
from streams.gateway.http.connections import Connections
from streams.gateway.http.rate_limits import Limits
from streams.gateway.http.server import Server, tls_of
from streams.gateway.intake import Intake
from streams.gateway.monitoring.metrics import Numbers, text_of
from streams.gateway.monitoring.monitor import Watch
from streams.gateway.mqtt import Subscription
from streams.gateway.pictures import Store
from streams.gateway.spool.spool import Entry, Figures, Spool
from streams.gateway.spool.writer import Keeper
from streams.kafka.client import Secret
from streams.records.times import HOUR_MS

_log = logging.getLogger(__name__)
_LOOK_S: Final = 1.0
_EXPIRE_EVERY: Final = 60
"""Looks after which the spool is searched for what is too old."""
_MB: Final = 1_000_000
_GRACE_S: Final = 5.0


class Gateway:
    """One gateway. Raises SpoolError if its spool cannot be used."""

    def __init__(
        self,
        policy: GatewaySection,
        cameras: Mapping[str, Camera],
        topics: Mapping[str, str],
        rejected: str,
        access: Access,
        options: Mapping[str, Any],
        now: Callable[[], int],
        say: Callable[[str], None],
        mqtt_password: Secret | None = None,
    ) -> None:
        """`topics` of reads by camera, `rejected` that of dead letters; `options` are kafka-python's."""
        self._policy = policy
        self._now = now
        self._say = say
        self._spool = Spool(Path(policy.spool), policy.spool_mb * _MB)
        self._keeper = Keeper(self._spool, lambda topics: self._delivery.look(topics))
        self._delivery = Delivery(
            Path(policy.spool),
            self._spool.id,
            {*topics.values(), rejected},
            options,
            self._keeper.forget,
            self._late,
        )
        self._watched = Path(f"{policy.spool}.watch")
        self._watch = self._restored(cameras)
        self._figures = self._spool.figures()
        self._given_up = 0
        self._server = Server(
            policy,
            access,
            Limits({name: camera.events_per_s for name, camera in cameras.items()}),
            Intake(cameras, topics, rejected),
            self._watch,
            self._keeper,
            Store(Path(policy.pictures)) if policy.pictures else None,
            now,
            self._seen,
            self._state,
        )
        self._mqtt: Subscription | None = None
        if policy.mqtt_host is not None:
            self._mqtt = Subscription(policy, mqtt_password, cameras, self._server.message, now)
        self._connections = Connections(self._server.handle, policy.event_s)
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Begins to take events; the address and the port it listens on. Raises OSError if it cannot."""
        address = await self._connections.listen(self._policy.host, self._policy.port, tls_of(self._policy))
        self._delivery.start()
        if self._mqtt is not None:
            self._mqtt.start()
        self._looking = asyncio.create_task(self._look())
        return address

    async def end(self) -> int:
        """Takes no more events, delivers what it can in a few seconds; how many entries are left."""
        if self._mqtt is not None:
            await asyncio.to_thread(self._mqtt.stop)
        await self._connections.close()
        if self._looking is not None:
            self._looking.cancel()
        await asyncio.to_thread(self._delivery.stop, _GRACE_S)
        self._save()
        left = (await self._keeper.figures()).entries
        await self._keeper.close()
        return left

    def _late(self, entry: Entry) -> bool:
        return entry.captured is not None and self._now() - entry.captured > self._policy.late_after_s * 1000

    async def _look(self) -> None:
        turn = 0
        while True:
            self._figures = await self._keeper.figures()
            for words in self._watch.blind(self._now()):
                self._say(words)
            if turn % _EXPIRE_EVERY == 0:
                before = self._now() - int(self._policy.spool_hours * HOUR_MS)
                gone = await self._keeper.expire(before)
                if gone:
                    self._given_up += gone
                    _log.error(
                        "%d reads waited longer than [gateway] spool_hours = %g for Kafka, and are given up",
                        gone,
                        self._policy.spool_hours,
                    )
                self._save()
            turn += 1
            await asyncio.sleep(_LOOK_S)

    def _restored(self, cameras: Mapping[str, Camera]) -> Watch:
        """The watch as it was when the last gateway ended, so that the usual rates are known."""
        try:
            state = self._watched.read_bytes()
        except FileNotFoundError:
            return Watch(cameras)
        except OSError as error:
            _log.warning("%s cannot be read, the usual rates are learnt anew: %s", self._watched, error)
            return Watch(cameras)
        watch, words = Watch.restore(cameras, state)
        if words:
            _log.warning("%s: %s", self._watched, words)
        return watch

    def _save(self) -> None:
        part = self._watched.with_suffix(".part")
        try:
            part.write_bytes(self._watch.state())
            part.replace(self._watched)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._watched, error)

    def _seen(self) -> bytes:
        figures, delivery = self._figures, self._delivery
        return text_of(
            self._watch,
            Numbers(
                waiting=figures.entries,
                taken=figures.taken,
                oldest_s=self._age(figures),
                confirmed=delivery.confirmed,
                given_up=self._given_up,
                full=self._server.full,
                reached=not delivery.troubles,
            ),
            self._now(),
        )

    def _state(self) -> tuple[bool, dict[str, Any]]:
        figures, delivery = self._figures, self._delivery
        room = figures.taken < self._policy.spool_mb * _MB
        return room, {
            "spool": {
                "entries": figures.entries,
                "bytes": figures.taken,
                "oldest_s": self._age(figures),
                "room": room,
            },
            "kafka": {
                "confirmed": delivery.confirmed,
                "troubles": delivery.troubles,
            },
            **({"mqtt": {"reached": self._mqtt.reached}} if self._mqtt is not None else {}),
        }

    def _age(self, figures: Figures) -> float:
        return 0.0 if figures.oldest is None else max(0.0, (self._now() - figures.oldest) / 1000)
