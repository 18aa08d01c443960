"""Intake: an event of a camera to the records for Kafka, and the answer that the camera gets."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import orjson

from streams.gateway.config import Camera, source_of
from streams.gateway.dead_letters import dead_letter
from streams.gateway.event import Event, EventError, Reason, Source, Taken
from streams.gateway.spool.spool import Entry
from streams.gateway.vendors import MAKERS, REPLIES, Reply
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_ms

STATUS: Final[Mapping[Reason, int]] = {
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
_LINE: Final = Reply("application/json", b"")


class Sender(NamedTuple):
    """A camera that sends: how its events are read, and the topic of its reads."""

    camera: Camera
    source: Source
    topic: str


class Answer(NamedTuple):
    """What an event came to: the status and body for the camera, and what is to be kept before it is given.

    `taken` has the reads; `entries` them and dead letters, as records.
    """

    status: int
    reply: Reply
    taken: Taken
    entries: list[Entry]


class Intake:
    """Takes the events of the cameras of the settings. `rejected` is the topic of dead letters."""

    def __init__(self, cameras: Mapping[str, Camera], topics: Mapping[str, str], rejected: str) -> None:
        """`topics` by camera: those that have none send nothing."""
        self._rejected = rejected
        self._senders = {
            name: Sender(camera, source_of(name, camera), topics[name])
            for name, camera in cameras.items()
            if camera.maker is not None and name in topics
        }

    def event_mb(self, camera_id: str) -> float | None:
        """The largest event of a camera in MB, if it has a limit of its own."""
        return self._senders[camera_id].camera.event_mb

    def take(self, camera_id: str, event: Event) -> tuple[Taken, list[EventError]]:
        """The reads of an event, and all errors; raises KeyError for a camera that sends none."""
        sender = self._senders[camera_id]
        assert sender.camera.maker is not None
        try:
            taken = MAKERS[sender.camera.maker](event, sender.source)
        except EventError as error:
            return Taken([]), [error]
        return taken, list(taken.refused)

    def answer(self, camera_id: str, event: Event, taken: Taken, errors: Sequence[EventError]) -> Answer:
        """The answer and the records of what was taken, and of what was refused."""
        sender = self._senders[camera_id]
        key = camera_id.encode()
        entries = [
            Entry(sender.topic, key, encode(read), event.arrived, _captured(read)) for read in taken.reads
        ]
        own = REPLIES.get(sender.camera.maker) if sender.camera.maker else None
        if errors:
            entries.append(self.letter(camera_id, event, errors))
        if not errors or (own and taken.reads):
            # A camera that looks for its own reply sends for ever what it does not get it for.
            return Answer(200, own or _LINE, taken, entries)
        return Answer(STATUS[errors[0].reason], told(errors, len(taken.reads)), taken, entries)

    def letter(self, camera_id: str, event: Event, errors: Sequence[EventError]) -> Entry:
        """The dead letter of an event; of a camera that is not known the id is empty."""
        return dead_letter(self._rejected, camera_id, event, errors)


def told(errors: Sequence[EventError], taken: int = 0) -> Reply:
    """What is wrong, for who sent it: JSON with `taken`, how many reads were, and what was `refused`."""
    refused = [
        {"reason": error.reason, "faults": [fault._asdict() for fault in error.faults]} for error in errors
    ]
    return Reply("application/json", orjson.dumps({"taken": taken, "refused": refused}))


def with_picture(taken: Taken, image_ref: str) -> Taken:
    """The same with the address of the event's picture in its reads."""
    reads = [msgspec.structs.replace(read, image_ref=image_ref) for read in taken.reads]
    return taken._replace(reads=reads)


def _captured(read: Read) -> int | None:
    return None if read.retransmitted else to_ms(read.captured_at)
