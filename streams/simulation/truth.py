"""The truth about simulated reads and passages."""

from typing import Annotated

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.read import Vehicle
from streams.records.times import Time


class Truth(Struct, frozen=True, gc=False):
    """The truth about one read: one JSON object a line.

    `plate` is in normal form, umlauts as plain letters; `vehicle` is the vehicle's true appearance. Reads of
    one passage share a `passage_id`. `passed_at` is the true time, independent of the camera's clock. `alert`
    is the alert about the vehicle, as list_id/alert_id. `clone_of` is the `vehicle_id` of the vehicle whose
    plate this one carries; an alert is about that vehicle and is given only in its lines.
    """

    read_id: str
    vehicle_id: str
    passage_id: str
    plate: str
    country: Country
    quality: Annotated[str, Meta(description="of the picture: clear, medium or poor")]
    site_id: str
    passed_at: Time
    vehicle: Vehicle
    alert: str | None = None
    clone_of: str | None = None


class TruePassage(Struct, frozen=True, gc=False):
    """A passage, read or not: one JSON object a line.

    The passages of one trip share a `trip_id`; the outward and the return journey are two trips. `read` is
    true if there is a read of the passage.
    """

    passage_id: str
    vehicle_id: str
    trip_id: str
    site_id: str
    passed_at: Time
    read: bool
