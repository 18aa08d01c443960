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
from streams.gateway.delivery.session import ProducerSession
from streams.gateway.spool.spool import Entry, open_reader, pending_entries

_log = logging.getLogger(__name__)
_RETRY_INTERVAL_S: Final = 1.0


class TopicDelivery(threading.Thread):
    """The delivery to one topic."""

    def __init__(
        self,
        path: Path,
        spool_id: str,
        topic: str,
        options: Mapping[str, Any],
        on_acknowledged: Callable[[Sequence[int]], None],
        is_late: Callable[[Entry], bool],
    ) -> None:
        super().__init__(name=f"delivery-{topic}", daemon=True)
        self.spool_id = spool_id
        self.topic = topic
        self.options = options
        self.is_late = is_late
        self.new_entries = threading.Event()
        self.acknowledged_seq = 0
        """The number of the last entry that Kafka has, as all before it."""
        self.acknowledged_count = 0
        self.last_error = ""
        self._path = path
        self._on_acknowledged = on_acknowledged
        self._stopping = threading.Event()
        self._deadline = float("inf")

    def stop(self, deadline: float) -> None:
        """Delivers what can be until a time (`monotonic`), and ends."""
        self._deadline = deadline
        self._stopping.set()
        self.new_entries.set()

    def should_stop(self, has_pending: bool) -> bool:
        """Whether it is told to end and has no time left, or nothing to wait for."""
        return self._stopping.is_set() and (not has_pending or monotonic() >= self._deadline)

    def wait_for_batch(self, seconds: float) -> None:
        """Waits that long, unless it is told to end."""
        self._stopping.wait(seconds)

    def run(self) -> None:
        """Delivers until it is told to end."""
        unsure = True
        with open_reader(self._path) as db:
            while not self.should_stop(bool(pending_entries(db, self.acknowledged_seq, 1, self.topic))):
                session = ProducerSession(self, db)
                try:
                    session.start(unsure)
                    session.run()
                except (KafkaError, NoTopicError, OSError, sqlite3.Error) as error:
                    self._record_error(error)
                except Exception as error:
                    # A fault of ours or of the client's: it is told whole, and delivery goes on to try.
                    _log.exception("topic %s: a session ended by a fault", self.topic)
                    self._record_error(error)
                finally:
                    session.close()
                    unsure = session.in_doubt
                if self.last_error:
                    self._stopping.wait(_RETRY_INTERVAL_S)

    def acknowledge(self, seqs: Sequence[int]) -> None:
        """Takes the numbers of entries that Kafka has, in their order."""
        self.acknowledged_seq = seqs[-1]
        self.acknowledged_count += len(seqs)
        self._on_acknowledged(seqs)
        if self.last_error:
            _log.info("topic %s: Kafka takes entries again", self.topic)
        self.last_error = ""

    def _record_error(self, error: Exception) -> None:
        if not self.last_error:
            _log.warning(
                "topic %s: Kafka does not take entries, they wait in the spool: %s", self.topic, error
            )
        self.last_error = str(error)
