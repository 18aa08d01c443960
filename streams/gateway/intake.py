"""Intake: an event of a camera to the records for Kafka, and the answer that the camera gets."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import orjson

from streams.gateway.config import GatewayCameraConfig, build_camera_source
from streams.gateway.dead_letters import dead_letter
from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, Reason
from streams.gateway.spool.spool import Entry
from streams.gateway.vendors import PARSERS, REPLIES, Reply
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_ms

HTTP_STATUS: Final[Mapping[Reason, int]] = {
    "form": 400,
    "field": 422,
    "plate": 422,
    "country": 422,
    "time": 422,
    "device": 403,
    "size": 413,
    "rate": 429,
    "login": 401,
}
"""The answer of HTTP for each reason."""
_EMPTY_REPLY: Final = Reply("application/json", b"")


class Sender(NamedTuple):
    """A camera that sends: how its events are read, and the topic of its reads."""

    camera: GatewayCameraConfig
    source: CameraSource
    topic: str


class IntakeResult(NamedTuple):
    """What an event came to: the status and body for the camera, and what is to be kept before it is given.

    `taken` has the reads; `entries` them and dead letters, as records.
    """

    status: int
    reply: Reply
    parsed: ParsedEvent
    entries: list[Entry]


class Intake:
    """Takes the events of the cameras of the settings. `rejected` is the topic of dead letters."""

    def __init__(
        self, cameras: Mapping[str, GatewayCameraConfig], topics: Mapping[str, str], dead_letter_topic: str
    ) -> None:
        """`topics` by camera: those that have none send nothing."""
        self._dead_letter_topic = dead_letter_topic
        self._senders = {
            name: Sender(camera, build_camera_source(name, camera), topics[name])
            for name, camera in cameras.items()
            if camera.maker is not None and name in topics
        }

    def max_event_mb(self, camera_id: str) -> float | None:
        """The largest event of a camera in MB, if it has a limit of its own."""
        return self._senders[camera_id].camera.event_mb

    def parse_event(self, camera_id: str, event: Event) -> tuple[ParsedEvent, list[EventError]]:
        """The reads of an event, and all errors; raises KeyError for a camera that sends none."""
        sender = self._senders[camera_id]
        assert sender.camera.maker is not None
        try:
            taken = PARSERS[sender.camera.maker](event, sender.source)
        except EventError as error:
            return ParsedEvent([]), [error]
        return taken, list(taken.errors)

    def build_result(
        self, camera_id: str, event: Event, parsed: ParsedEvent, errors: Sequence[EventError]
    ) -> IntakeResult:
        """The answer and the records of what was taken, and of what was refused."""
        sender = self._senders[camera_id]
        key = camera_id.encode()
        entries = [
            Entry(sender.topic, key, encode(read), event.arrived_ms, _live_captured_ms(read))
            for read in parsed.reads
        ]
        own = REPLIES.get(sender.camera.maker) if sender.camera.maker else None
        if errors:
            entries.append(self.build_dead_letter(camera_id, event, errors))
        if not errors or (own and parsed.reads):
            # A camera that looks for its own reply sends for ever what it does not get it for.
            return IntakeResult(200, own or _EMPTY_REPLY, parsed, entries)
        return IntakeResult(
            HTTP_STATUS[errors[0].reason], build_error_reply(errors, len(parsed.reads)), parsed, entries
        )

    def build_dead_letter(self, camera_id: str, event: Event, errors: Sequence[EventError]) -> Entry:
        """The dead letter of an event; of a camera that is not known the id is empty."""
        return dead_letter(self._dead_letter_topic, camera_id, event, errors)


def build_error_reply(errors: Sequence[EventError], accepted: int = 0) -> Reply:
    """What is wrong, for who sent it: JSON with `taken`, how many reads were, and what was `refused`."""
    refused = [
        {"reason": error.reason, "faults": [fault._asdict() for fault in error.faults]} for error in errors
    ]
    return Reply("application/json", orjson.dumps({"taken": accepted, "refused": refused}))


def with_image_ref(parsed: ParsedEvent, image_ref: str) -> ParsedEvent:
    """The same with the address of the event's picture in its reads."""
    reads = [msgspec.structs.replace(read, image_ref=image_ref) for read in parsed.reads]
    return parsed._replace(reads=reads)


def _live_captured_ms(read: Read) -> int | None:
    return None if read.retransmitted else to_ms(read.captured_at)
