"""Batch topics, as an app declares them."""

import sys
from typing import Any, Final

from faust import Schema
from faust.exceptions import ImproperlyConfigured
from faust.types import AppT, TopicT

from streams.kafka.faust_driver.transport import InFlightLimits, Transport

DEFAULT_IN_FLIGHT: Final = 4


class BatchSchema(Schema[Any, Any]):
    """Passes a batch on as it is; decoding is the agent's work, for it alone can put a bad record aside."""

    def loads_key(self, app: AppT, message: Any, **_: Any) -> Any:  # noqa: ARG002 - the signature is Faust's
        """A batch has no key; its records have."""
        return message.key

    def loads_value(self, app: AppT, message: Any, **_: Any) -> Any:  # noqa: ARG002 - as above
        """The batch."""
        return message.value


def batch_topic(
    app: AppT, name: str, *, in_flight: int = DEFAULT_IN_FLIGHT, records: int = sys.maxsize, **options: Any
) -> TopicT:
    """A topic whose records come in batches, `in_flight` of them per partition at most not acknowledged.

    With `records` no further batch comes once so many records are not acknowledged: many small batches may
    be in flight then, and few large ones. `options` are those of `app.topic`.
    Raises ImproperlyConfigured if the app's broker is not `batch://`.
    """
    transport = app.transport
    if not isinstance(transport, Transport):
        raise ImproperlyConfigured(
            f"topic {name}: batches need a broker URL batch://host:port, not {app.conf.broker_consumer[0]}"
        )
    if in_flight < 1:
        raise ImproperlyConfigured(f"topic {name}: in_flight must be 1 or more, is {in_flight}")
    transport.batch_topics[name] = InFlightLimits(in_flight, records)
    return app.topic(name, schema=BatchSchema(), **options)
