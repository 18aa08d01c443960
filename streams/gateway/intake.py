"""Intake: from an event of a camera to its records in the spool, whatever way the event came."""

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from streams.gateway.config import GatewayCameraConfig, build_camera_source
from streams.gateway.context import GatewayContext
from streams.gateway.dead_letters import dead_letter
from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.gateway.pictures import PictureStore
from streams.gateway.spool.spool import Entry, SpoolFullError
from streams.gateway.spool.writer import SpoolWriter
from streams.gateway.vendors import PARSERS, REPLIES, Reply
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import Millis, to_ms

_log = logging.getLogger(__name__)
_LOG_EVERY: Final = 1000
"""Events refused for want of room between two lines in the log."""


class _Sender(NamedTuple):
    """A camera that sends events, and the topic of its reads."""

    camera: GatewayCameraConfig
    source: CameraSource
    topic: str


class IntakeResult(NamedTuple):
    """The outcome of an event whose records are in the spool.

    `reply` is the body that the camera's vendor expects on success, if it expects one.
    """

    parsed: ParsedEvent
    errors: Sequence[EventError]
    reply: Reply | None

    @property
    def accepted(self) -> bool:
        """True if the answer to the camera is that its event was accepted.

        A camera that waits for its vendor's reply repeats the event until it gets it, so one read is enough.
        """
        return not self.errors or (self.reply is not None and bool(self.parsed.reads))


class Intake:
    """Converts events of the cameras in the settings to records and stores them in the spool."""

    def __init__(self, context: GatewayContext, spool_writer: SpoolWriter, monitor: CameraMonitor) -> None:
        config, topics = context.config, context.topics
        self._dead_letter_topic = topics.dead_letters
        self._senders = {
            camera_id: _Sender(camera, build_camera_source(camera_id, camera), topics.reads[camera_id])
            for camera_id, camera in context.cameras.items()
            if camera.vendor is not None and camera_id in topics.reads
        }
        self._default_max_mb = config.event_mb
        self._picture_store = PictureStore(Path(config.pictures)) if config.pictures else None
        self._spool_writer = spool_writer
        self._monitor = monitor
        self.spool_full_events = 0
        """Events that were refused because the spool had no room."""

    def max_event_bytes(self, camera_id: str) -> int:
        """Return the size of the largest event that a camera may send."""
        return int((self._senders[camera_id].camera.event_mb or self._default_max_mb) * 1e6)

    async def accept(self, camera_id: str, event: Event) -> IntakeResult:
        """Store the reads of an event, and a dead letter if a part of it is wrong.

        They are on disk on return. Raises SpoolFullError, and KeyError for a camera that sends no events.
        """
        sender = self._senders[camera_id]
        parsed, errors = _parse_event(sender, event)
        if self._picture_store is not None and parsed.pictures and parsed.reads:
            try:
                parsed = await self._picture_store.store_pictures(camera_id, event, parsed)
            except OSError as error:
                # A read is worth more than its picture.
                _log.warning(
                    "camera %s: a picture cannot be stored and is dropped: %s; see [gateway] pictures",
                    camera_id,
                    error,
                )
        entries = _to_records(sender, camera_id, event, parsed)
        if errors:
            entries.append(dead_letter(self._dead_letter_topic, camera_id, event, errors))
        if entries:
            await self._store(entries)
        self._monitor.record_event(camera_id, event.arrived_ms, parsed, errors)
        reply = REPLIES.get(sender.camera.vendor) if sender.camera.vendor else None
        return IntakeResult(parsed, errors, reply)

    async def refuse(self, camera_id: str, event: Event, error: EventError) -> None:
        """Store a dead letter of an event that was refused unread; it is dropped if the spool is full.

        `camera_id` is that of the monitor's UNKNOWN_CAMERA if the sender is not known.
        """
        self._monitor.record_refused(camera_id, event.arrived_ms, error.reason)
        with contextlib.suppress(SpoolFullError):
            await self._store([dead_letter(self._dead_letter_topic, camera_id, event, [error])])

    async def _store(self, entries: Sequence[Entry]) -> None:
        try:
            await self._spool_writer.put(entries)
        except SpoolFullError as error:
            self.spool_full_events += 1
            if self.spool_full_events == 1 or self.spool_full_events % _LOG_EVERY == 0:
                _log.error(
                    "%s; cameras are asked to send again later (%d events so far); see [gateway] spool_mb",
                    error,
                    self.spool_full_events,
                )
            raise


def _parse_event(sender: _Sender, event: Event) -> tuple[ParsedEvent, list[EventError]]:
    assert sender.camera.vendor is not None
    try:
        parsed = PARSERS[sender.camera.vendor](event, sender.source)
    except EventError as error:
        return ParsedEvent([]), [error]
    return parsed, list(parsed.errors)


def _to_records(sender: _Sender, camera_id: str, event: Event, parsed: ParsedEvent) -> list[Entry]:
    key = camera_id.encode()
    return [
        Entry(sender.topic, key, encode(read), event.arrived_ms, _live_captured_ms(read))
        for read in parsed.reads
    ]


def _live_captured_ms(read: Read) -> Millis | None:
    """Return when a read was captured; None if the camera marked it as retransmitted."""
    return None if read.retransmitted else to_ms(read.captured_at)
