"""What both of Dahua's forms have alike: confidences, zones, and words for vehicles and directions."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from streams.gateway.event import CameraSource, Event
from streams.gateway.vendors.shared.camera_time import camera_to_utc
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.records.times import FIRST_YEAR, LAST_YEAR, YEARS_RULE

_MAX_CONFIDENCE: Final = 255
_PERCENT: Final = 100
# The vendor's SDK numbers its zones so (DH_TIME_ZONE_TYPE), in minutes east of Greenwich.
_ZONE_MINUTES: Final = (
    *(0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540, 570, 600, 660, 720, 780),
    *(-60, -120, -180, -210, -240, -300, -360, -420, -480, -540, -600, -660, -720),
)
_NO_PLATE: Final = frozenset(("unlicensed", "unknown", "noplate", "no plate", "none", "null", "-", "--"))
_DIRECTIONS: Final = {
    "approach": "approaching",
    "leave": "receding",
    # Along and against the lane, which a camera looks up as a rule.
    "obverse": "approaching",
    "reverse": "receding",
}
_VAGUE_TYPES: Final = frozenset(("motor", "passengercar", "unlicensedmotor", "nonmotor", "non-motor"))
"""Types that say too little: any motor vehicle, and one for which cars and buses are meant."""
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
    """Whether a plate's text is a mark that no plate was seen."""
    return text is not None and text.casefold() in _NO_PLATE


def parse_confidence(fields: EventFields, name: str) -> float | None:
    """A confidence as 0 to 1.

    By the vendor's descriptions it goes to 255, or to 100, by the form and version; what is above 100 is
    taken as of the first, what is not as of the second. A 0 comes from cameras that tell none.
    """
    number = fields.number(name, 0, _MAX_CONFIDENCE)
    return number / (_MAX_CONFIDENCE if number > _PERCENT else _PERCENT) if number else None


def local_to_utc(local_time: datetime, fields: EventFields, source: CameraSource, event: Event) -> datetime:
    """The UTC time of a camera's clock: in its zone by the settings, else by the event's, else UTC.

    `given` may have `TimeZone`, a number of the vendor's list, and `DSTTune`, 1 for summer time. Raises
    ValueError for one outside the years of records.
    """
    zone = fields.integer("TimeZone", 0, len(_ZONE_MINUTES) - 1)
    summer = fields.integer("DSTTune", 0, 1)
    if source.zone is not None or zone is None or local_time.tzinfo is not None:
        return camera_to_utc(local_time, source, event)
    if not FIRST_YEAR <= local_time.year <= LAST_YEAR:
        raise ValueError(YEARS_RULE)
    offset = timedelta(minutes=_ZONE_MINUTES[zone] + 60 * (summer or 0))
    return local_time.replace(tzinfo=timezone(offset)).astimezone(UTC)


def parse_direction(text: str | None) -> str | None:
    """Towards the camera or away from it, of the vendor's word."""
    return _DIRECTIONS.get((text or "").casefold())


def build_appearance(
    make: str | None, model: str | None, colour: str | None, kind: str | None
) -> dict[str, Any] | None:
    """A vehicle's looks in the words of lists, where they are known."""
    plain = (kind or "").casefold()
    found = {
        "make": make,
        "model": model,
        "colour": colour and _COLOURS.get(colour.casefold(), colour),
        "type": None if plain in _VAGUE_TYPES else _TYPES.get(plain, kind),
    }
    return {name: word for name, word in found.items() if word} or None
