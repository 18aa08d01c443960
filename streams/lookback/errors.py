"""LookbackError: why a look back could not be done, in words for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError

from streams.kafka.client import TokenError
from streams.kafka.follower import FollowError
from streams.runtime.errors import OperatorError, WorkerError


class LookbackError(OperatorError):
    """A look back that could not be done; the message says why and what to do."""


@contextmanager
def as_lookback_error(servers: str) -> Iterator[None]:
    """Errors of Kafka, in the words of LookbackError."""
    try:
        yield
    except (FollowError, WorkerError) as error:
        raise LookbackError(str(error)) from error
    except (KafkaError, TokenError, TimeoutError) as error:
        # Some of aiokafka's messages show the record, so only the kind of error is told.
        raise LookbackError(
            f"Kafka at {servers} cannot be reached or does not let this user ({type(error).__name__}); it "
            "needs READ on the topics of reads, of alerts and of look backs, and WRITE on those of matches "
            "and of look backs"
        ) from error
