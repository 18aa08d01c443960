"""Truth: what is so about a read, whatever it says."""

from typing import Annotated

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.read import Vehicle
from streams.records.times import Time


class Truth(Struct, frozen=True, gc=False):
    """The truth about one read: one JSON object a line.

    `plate` is in normal form, umlauts as plain letters; `vehicle` is what the vehicle looks like. Reads of
    one passage have one `passage_id`. `passed_at` is when it was, whatever the camera's clock said; `alert`
    is the alert that seeks the vehicle, as list_id/alert_id. `clone_of` is the `vehicle_id` of the vehicle
    whose plate this one carries; the alert then seeks the other one, and stands only there.
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
    """A passage, also one of which there is no read: one JSON object a line.

    A vehicle's passages on its way from one place to another have one `trip_id`; the way out and the way back
    are two trips. `read` says whether there is a read of it.
    """

    passage_id: str
    vehicle_id: str
    trip_id: str
    site_id: str
    passed_at: Time
    read: bool
