"""The error of alert lists that cannot be read from their topic, or written to it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from kafka.errors import KafkaError as AdminError

from streams.kafka.client import TokenError
from streams.kafka.follower import FollowError
from streams.runtime.errors import OperatorError

_CONNECTION_ERRORS: Final = (KafkaError, AdminError, TokenError, ConnectionError, TimeoutError, ssl.SSLError)
"""Errors of brokers that cannot be reached or refuse; some are OSErrors, as that of a full disk is."""


class AlertTopicError(OperatorError):
    """Alert lists that cannot be read from their topic, or written to it."""


@contextmanager
def as_alert_topic_error(servers: str, topic: str, snapshot_path: Path) -> Iterator[None]:
    """Turn the errors of reading the topic and of keeping its snapshot into AlertTopicError."""
    try:
        yield
    except FollowError as error:
        raise AlertTopicError(f"the alert lists cannot be read: {error}") from error
    except TopicAuthorizationFailedError as error:
        raise AlertTopicError(
            f"the alert lists cannot be read: this user may not read topic {topic}; grant READ and DESCRIBE "
            "on it"
        ) from error
    except _CONNECTION_ERRORS as error:
        why = str(error) or type(error).__name__
        raise AlertTopicError(
            f"the alert lists cannot be read from topic {topic} at {servers}: {why}; check that the brokers "
            "run and that [kafka] is right"
        ) from error
    except OSError as error:
        raise AlertTopicError(
            f"the snapshot of the alert lists cannot be kept in {snapshot_path.parent}: "
            f"{error.strerror or error}; the folder must be writable and have enough space"
        ) from error
