"""Declaring the batch topics of an app."""

import sys
from typing import Any, Final

from faust import Schema
from faust.exceptions import ImproperlyConfigured
from faust.types import AppT, TopicT

from streams.kafka.faust_driver.transport import InFlightLimits, Transport

DEFAULT_MAX_BATCHES: Final = 4


class BatchSchema(Schema[Any, Any]):
    """Pass a batch on undecoded: only the agent can set a bad record aside."""

    def loads_key(self, app: AppT, message: Any, **_: Any) -> Any:  # noqa: ARG002 - the signature is Faust's
        """Return no key: a batch has none, its records have."""
        return message.key

    def loads_value(self, app: AppT, message: Any, **_: Any) -> Any:  # noqa: ARG002 - as above
        """Return the batch."""
        return message.value


def batch_topic(
    app: AppT,
    name: str,
    *,
    max_batches: int = DEFAULT_MAX_BATCHES,
    max_records: int = sys.maxsize,
    **options: Any,
) -> TopicT:
    """Declare a topic whose records come in batches, at most `max_batches` unacknowledged per partition.

    No further batch comes either once `max_records` records are unacknowledged, so that many small batches
    or few large ones may be in flight. `options` are those of `app.topic`. Raises ImproperlyConfigured if the
    broker of the app is not `batch://`.
    """
    transport = app.transport
    if not isinstance(transport, Transport):
        raise ImproperlyConfigured(
            f"topic {name}: the broker URL must be batch://host:port, got {app.conf.broker_consumer[0]}"
        )
    if max_batches < 1:
        raise ImproperlyConfigured(f"topic {name}: max_batches must be 1 or more, got {max_batches}")
    transport.batch_topics[name] = InFlightLimits(max_batches, max_records)
    return app.topic(name, schema=BatchSchema(), **options)
