"""What both of Dahua's forms have alike: confidences, zones, and words for vehicles and directions."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from streams.gateway.event import Event, Source
from streams.gateway.vendors.shared.camera_time import instant
from streams.gateway.vendors.shared.event_fields import Given
from streams.records.times import FIRST_YEAR, LAST_YEAR, YEARS_RULE

_MOST: Final = 255
_PERCENT: Final = 100
# The vendor's SDK numbers its zones so (DH_TIME_ZONE_TYPE), in minutes east of Greenwich.
_ZONES: Final = (
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
_NO_TYPES: Final = frozenset(("motor", "passengercar", "unlicensedmotor", "nonmotor", "non-motor"))
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


def confidence(given: Given, name: str) -> float | None:
    """A confidence as 0 to 1.

    By the vendor's descriptions it goes to 255, or to 100, by the form and version; what is above 100 is
    taken as of the first, what is not as of the second. A 0 comes from cameras that tell none.
    """
    number = given.number(name, 0, _MOST)
    return number / (_MOST if number > _PERCENT else _PERCENT) if number else None


def local(wall: datetime, given: Given, source: Source, event: Event) -> datetime:
    """The UTC time of a camera's clock: in its zone by the settings, else by the event's, else UTC.

    `given` may have `TimeZone`, a number of the vendor's list, and `DSTTune`, 1 for summer time. Raises
    ValueError for one outside the years of records.
    """
    zone = given.whole("TimeZone", 0, len(_ZONES) - 1)
    summer = given.whole("DSTTune", 0, 1)
    if source.zone is not None or zone is None or wall.tzinfo is not None:
        return instant(wall, source, event)
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise ValueError(YEARS_RULE)
    offset = timedelta(minutes=_ZONES[zone] + 60 * (summer or 0))
    return wall.replace(tzinfo=timezone(offset)).astimezone(UTC)


def direction(text: str | None) -> str | None:
    """Towards the camera or away from it, of the vendor's word."""
    return _DIRECTIONS.get((text or "").casefold())


def looks(make: str | None, model: str | None, colour: str | None, kind: str | None) -> dict[str, Any] | None:
    """A vehicle's looks in the words of lists, where they are known."""
    plain = (kind or "").casefold()
    found = {
        "make": make,
        "model": model,
        "colour": colour and _COLOURS.get(colour.casefold(), colour),
        "type": None if plain in _NO_TYPES else _TYPES.get(plain, kind),
    }
    return {name: word for name, word in found.items() if word} or None
