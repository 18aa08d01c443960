"""A lane: the delivery to one topic, session after session, in a thread."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Final

from kafka.errors import KafkaError

from streams.gateway.delivery.read_back import NoTopicError
from streams.gateway.delivery.session import Session
from streams.gateway.spool.spool import Entry, reading, waiting

_log = logging.getLogger(__name__)
_AGAIN_S: Final = 1.0


class Lane(threading.Thread):
    """The delivery to one topic."""

    def __init__(
        self,
        path: Path,
        spool_id: str,
        topic: str,
        options: Mapping[str, Any],
        forget: Callable[[Sequence[int]], None],
        late: Callable[[Entry], bool],
    ) -> None:
        super().__init__(name=f"delivery-{topic}", daemon=True)
        self.spool_id = spool_id
        self.topic = topic
        self.options = options
        self.late = late
        self.more = threading.Event()
        self.handled = 0
        """The number of the last entry that Kafka has, as all before it."""
        self.confirmed = 0
        self.trouble = ""
        self._path = path
        self._forget = forget
        self._stopping = threading.Event()
        self._deadline = float("inf")

    def stop(self, deadline: float) -> None:
        """Delivers what can be until a time (`monotonic`), and ends."""
        self._deadline = deadline
        self._stopping.set()
        self.more.set()

    def ending(self, open_: bool) -> bool:
        """Whether it is told to end and has no time left, or nothing to wait for."""
        return self._stopping.is_set() and (not open_ or monotonic() >= self._deadline)

    def gather(self, seconds: float) -> None:
        """Waits that long, unless it is told to end."""
        self._stopping.wait(seconds)

    def run(self) -> None:
        """Delivers until it is told to end."""
        unsure = True
        with reading(self._path) as db:
            while not self.ending(bool(waiting(db, self.handled, 1, self.topic))):
                session = Session(self, db)
                try:
                    session.begin(unsure)
                    session.run()
                except (KafkaError, NoTopicError, OSError, sqlite3.Error) as error:
                    self._troubled(error)
                except Exception as error:
                    # A fault of ours or of the client's: it is told whole, and delivery goes on to try.
                    _log.exception("topic %s: a session ended by a fault", self.topic)
                    self._troubled(error)
                finally:
                    session.end()
                    unsure = session.unsure
                if self.trouble:
                    self._stopping.wait(_AGAIN_S)

    def confirm(self, numbers: Sequence[int]) -> None:
        """Takes the numbers of entries that Kafka has, in their order."""
        self.handled = numbers[-1]
        self.confirmed += len(numbers)
        self._forget(numbers)
        if self.trouble:
            _log.info("topic %s: Kafka takes entries again", self.topic)
        self.trouble = ""

    def _troubled(self, error: Exception) -> None:
        if not self.trouble:
            _log.warning(
                "topic %s: Kafka does not take entries, they wait in the spool: %s", self.topic, error
            )
        self.trouble = str(error)
