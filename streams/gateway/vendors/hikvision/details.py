"""Country, vehicle, position and confidences of a Hikvision event."""

from typing import Final

from streams.gateway.vendors.hikvision.countries import parse_country_code
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.plates.normal_form import PlateError, normalise

_COLOURS: Final = {"deepgray": "grey", "deepblue": "blue"}
_CARS: Final = ("vehicle", "smallcar", "minicar", "motorvehicle", "coupe", "hatchback", "saloon")
_VANS: Final = ("buggy", "minitruck", "lighttruck", "minibus")
_LORRIES: Final = (
    *("truck", "containertruck", "slagtruck", "concretemixer", "oiltanktruck", "platformtrailer"),
    *("mediumheavytruck", "crane"),
)
_TYPES: Final = {
    **dict.fromkeys(_CARS, "car"),
    **dict.fromkeys(_VANS, "van"),
    **dict.fromkeys(_LORRIES, "lorry"),
    **dict.fromkeys(("bus", "largebus", "mediumbus"), "bus"),
    "suvmpv": "SUV",
    "pickuptruck": "pickup",
    "twowheelvehicle": "motorcycle",
}
"""Terms of alert lists for the vendor's `vehicleType` in lower case; other types are not changed."""


def parse_country(anpr: EventFields) -> str | None:
    """Return the country of the first of three fields that has one: `CRIndex` takes precedence over
    `country`."""
    unknown_codes = []
    for name in ("ISO-CR", "CRIndex", "country"):
        code = anpr.text(name)
        country = parse_country_code(code) if code else ""
        if country:
            return country
        if country is None:
            unknown_codes.append((name, code))
    for name, code in unknown_codes[:1]:
        anpr.add_fault(name, "must be a number of Hikvision's list of countries", code, "country")
    return None


def parse_char_confidences(anpr: EventFields, plate: str) -> list[float] | None:
    """Return a confidence from 0 to 1 for each letter or digit; None if their number is not that of the
    plate's."""
    text = anpr.text("plateCharBelieve")
    if text is None:
        return None
    numbers = [number.strip() for number in text.split(",")]
    if not all(map(_is_percentage, numbers)):
        rule = "must be a number from 0 to 100 for each character, separated by commas"
        anpr.add_fault("plateCharBelieve", rule, text)
        return None
    try:
        is_complete = len(numbers) == len(normalise(plate))
    except PlateError:
        return None
    return [int(number) / 100 for number in numbers] if is_complete else None


def _is_percentage(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100


def parse_position(gps: EventFields) -> dict[str, float] | None:
    """Return the device's own position in WGS 84, from degrees, minutes and seconds; None if it has none."""
    angles = []
    for name, hemisphere, maximum in (("Latitude", "latitudeType", 90), ("Longitude", "longitudeType", 180)):
        angle = gps.child(name)
        parts = angle.number("degree", 0, maximum), angle.number("minute", 0, 60), angle.number("sec", 0, 60)
        if parts[0] is None:
            return None
        value = parts[0] + (parts[1] or 0) / 60 + (parts[2] or 0) / 3600
        angles.append(-value if (gps.text(hemisphere) or "").upper() in ("S", "W") else value)
    lat, lon = angles
    # A camera without GPS sends zeros.
    return {"lat": lat, "lon": lon} if (lat or lon) and abs(lat) <= 90 and abs(lon) <= 180 else None


def parse_vehicle(anpr: EventFields) -> dict[str, str] | None:
    """Return the type and colour. The make is a number of a list that the vendor does not publish."""
    kind, colour = anpr.vehicle_attribute("vehicleType"), anpr.child("vehicleInfo").vehicle_attribute("color")
    attributes = {
        "type": kind and _TYPES.get(kind.casefold(), kind),
        "colour": colour and _COLOURS.get(colour.casefold(), colour),
    }
    return {name: value for name, value in attributes.items() if value} or None


def is_true(text: str | None) -> bool:
    """True if the text of a field is a mark of true."""
    return text is not None and text.casefold() in ("true", "1")
