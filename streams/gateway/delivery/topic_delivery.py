"""Delivery to one topic, session after session, in a thread."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from kafka.errors import KafkaError

from streams.gateway.delivery.control import DeliveryControl
from streams.gateway.delivery.read_back import MissingTopicError
from streams.gateway.delivery.session import ProducerSession, SessionContext
from streams.gateway.spool.spool import Entry, open_reader, pending_entries

_log = logging.getLogger(__name__)
_RETRY_INTERVAL_S: Final = 1.0


class DeliveryContext(NamedTuple):
    """What the deliveries of all topics of a spool share; the fields are as in `SessionContext`."""

    spool_path: Path
    spool_id: str
    kafka_options: Mapping[str, Any]
    is_late: Callable[[Entry], bool]
    on_acknowledged: Callable[[Sequence[int]], None]


class TopicDelivery(threading.Thread):
    """The thread that delivers to one topic."""

    def __init__(self, topic: str, context: DeliveryContext) -> None:
        super().__init__(name=f"delivery-{topic}", daemon=True)
        self.topic = topic
        self.control = DeliveryControl()
        self.acknowledged_seq = 0
        """Sequence number of the last acknowledged entry; Kafka has all entries up to it."""
        self.acknowledged_count = 0
        self.last_error = ""
        self._spool_path = context.spool_path
        self._on_acknowledged = context.on_acknowledged
        self._session_context = SessionContext(
            topic, context.spool_id, context.kafka_options, context.is_late, self._acknowledge, self.control
        )

    def run(self) -> None:
        """Deliver until the control asks to stop."""
        in_doubt = True
        with open_reader(self._spool_path) as db:
            while not self.control.should_stop(self._has_pending(db)):
                session = ProducerSession(self._session_context, db, self.acknowledged_seq)
                try:
                    session.start(in_doubt)
                    session.run()
                except (KafkaError, MissingTopicError, OSError, sqlite3.Error) as error:
                    self._record_error(error)
                except Exception as error:
                    # An error in this program or in the client: log it in full, and go on trying.
                    _log.exception("topic %s: unexpected error, delivery is tried again", self.topic)
                    self._record_error(error)
                finally:
                    session.close()
                    in_doubt = session.in_doubt
                if self.last_error:
                    self.control.sleep(_RETRY_INTERVAL_S)

    def _has_pending(self, db: sqlite3.Connection) -> bool:
        return bool(pending_entries(db, self.acknowledged_seq, 1, self.topic))

    def _acknowledge(self, seqs: Sequence[int]) -> None:
        self.acknowledged_seq = seqs[-1]
        self.acknowledged_count += len(seqs)
        self._on_acknowledged(seqs)
        if self.last_error:
            _log.info("topic %s: Kafka accepts entries again", self.topic)
        self.last_error = ""

    def _record_error(self, error: Exception) -> None:
        if not self.last_error:
            _log.warning(
                "topic %s: Kafka does not accept entries, they stay in the spool and are tried again: %s",
                self.topic,
                error,
            )
        self.last_error = str(error)
