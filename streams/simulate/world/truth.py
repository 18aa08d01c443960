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
    is the alert that seeks the vehicle, as list_id/alert_id.
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
