"""The error of a lookback that cannot go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError

from streams.kafka.client import TokenError
from streams.kafka.follower import FollowError
from streams.runtime.errors import OperatorError, WorkerError


class LookbackError(OperatorError):
    """A lookback that cannot go on; the message says why and what to do."""


@contextmanager
def as_lookback_error(servers: str) -> Iterator[None]:
    """Raise the errors of Kafka inside the block as LookbackError."""
    try:
        yield
    except (FollowError, WorkerError) as error:
        raise LookbackError(str(error)) from error
    except (KafkaError, TokenError, TimeoutError) as error:
        # Some messages of aiokafka contain the record, so only the kind of error is shown.
        raise LookbackError(
            f"Kafka at {servers} cannot be reached or refuses this user ({type(error).__name__}); it needs "
            "READ on the topics of reads, alerts and lookbacks, and WRITE on those of matches and lookbacks"
        ) from error
