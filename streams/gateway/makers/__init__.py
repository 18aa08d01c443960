"""The makers: one module each, which turns an event of its cameras into reads; and their names.

A maker's module has one function, `take(event, source) -> Taken`. It knows no HTTP, Kafka, file or clock, and
raises nothing but EventError. A new maker is such a module, its name here, and a folder of sample events in
tests/gateway/makers.
"""

from collections.abc import Callable, Mapping
from typing import Final

from streams.gateway.event import Event, Maker, Source, Taken
from streams.gateway.makers import own

Take = Callable[[Event, Source], Taken]

MAKERS: Final[Mapping[Maker, Take]] = {
    "read": own.take,
}
