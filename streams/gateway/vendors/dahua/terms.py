"""Terms that both of Dahua's formats share: confidences, zones, and names of vehicles and directions."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from streams.gateway.event import CameraSource, Event
from streams.gateway.vendors.shared.camera_time import camera_to_utc, check_year
from streams.gateway.vendors.shared.event_fields import EventFields

_MAX_CONFIDENCE: Final = 255
_PERCENT: Final = 100
# Minutes east of Greenwich, in the order of the zones in the vendor's SDK (DH_TIME_ZONE_TYPE).
_ZONE_MINUTES: Final = (
    *(0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540, 570, 600, 660, 720, 780),
    *(-60, -120, -180, -210, -240, -300, -360, -420, -480, -540, -600, -660, -720),
)
_NO_PLATE: Final = frozenset(("unlicensed", "unknown", "noplate", "no plate", "none", "null", "-", "--"))
_DIRECTIONS: Final = {
    "approach": "approaching",
    "leave": "receding",
    # Along and against the lane; a camera usually looks against it.
    "obverse": "approaching",
    "reverse": "receding",
}
_VAGUE_TYPES: Final = frozenset(("motor", "passengercar", "unlicensedmotor", "nonmotor", "non-motor"))
"""Types that are too general: any motor vehicle, and one for cars and buses alike."""
_TYPES: Final = {
    "salooncar": "car",
    "microcar": "car",
    "twoboxcar": "car",
    "suv-mpv": "SUV",
    "microbus": "van",
    "microtruck": "van",
    "largetruck": "lorry",
    "midtruck": "lorry",
    "lightmotorcycle": "motorcycle",
}
_COLOURS: Final = {
    "darkgreen": "green",
    "darkblue": "blue",
    "lightblue": "blue",
    "darkgray": "grey",
    "lightgray": "grey",
    "orangered": "orange",
    "darkorange": "orange",
    "darkred": "red",
}


def is_no_plate(text: str | None) -> bool:
    """True if a plate's text is a mark that no plate was seen."""
    return text is not None and text.casefold() in _NO_PLATE


def parse_confidence(fields: EventFields, name: str) -> float | None:
    """Return a confidence from 0 to 1.

    In the vendor's descriptions the scale ends at 255 or at 100, depending on format and version: a number
    above 100 is read on the first, any other on the second. Cameras without confidences send 0.
    """
    number = fields.number(name, 0, _MAX_CONFIDENCE)
    return number / (_MAX_CONFIDENCE if number > _PERCENT else _PERCENT) if number else None


def local_to_utc(local_time: datetime, fields: EventFields, source: CameraSource, event: Event) -> datetime:
    """Return the UTC time of a camera's clock: in the zone of the settings, else of the event, else UTC.

    `fields` may have `TimeZone`, a number of the vendor's list, and `DSTTune`, 1 for summer time. Raises
    YearError.
    """
    zone_number = fields.integer("TimeZone", 0, len(_ZONE_MINUTES) - 1)
    is_summer_time = fields.integer("DSTTune", 0, 1)
    if source.zone is not None or zone_number is None or local_time.tzinfo is not None:
        return camera_to_utc(local_time, source, event)
    check_year(local_time)
    offset = timedelta(minutes=_ZONE_MINUTES[zone_number] + 60 * (is_summer_time or 0))
    return local_time.replace(tzinfo=timezone(offset)).astimezone(UTC)


def parse_direction(text: str | None) -> str | None:
    """Return whether a vehicle approaches the camera or recedes, by the vendor's word."""
    return _DIRECTIONS.get((text or "").casefold())


def build_appearance(
    make: str | None, model: str | None, colour: str | None, kind: str | None
) -> dict[str, Any] | None:
    """Return a vehicle's appearance, in the terms of alert lists where they are known."""
    type_key = (kind or "").casefold()
    attributes = {
        "make": make,
        "model": model,
        "colour": colour and _COLOURS.get(colour.casefold(), colour),
        "type": None if type_key in _VAGUE_TYPES else _TYPES.get(type_key, kind),
    }
    return {name: value for name, value in attributes.items() if value} or None
