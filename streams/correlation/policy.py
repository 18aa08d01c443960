"""What an operator sets about correlation: times, sites, cameras, centres."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.fields import Identifier, Latitude, Longitude, Text, Words


class CorrelationPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[correlation]`: the times that make reads one passage and hits live."""

    passage_gap_s: Annotated[
        float,
        Meta(ge=0, le=86400, description="longest time in seconds between reads of one passage of a site"),
    ] = 60.0
    live_within_s: Annotated[
        float,
        Meta(ge=0, le=86400, description="greatest age in seconds of a read that still gives a live hit"),
    ] = 300.0
    kept_hours: Annotated[
        float,
        Meta(
            gt=0,
            le=8784,
            description="hours for which the hits of a passage are kept up to date, from its last read on",
        ),
    ] = 48.0


class Site(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sites.<id>]`: a place with one or more cameras."""

    name: Annotated[Words | None, Meta(description="the place's name")] = None
    road: Annotated[Text | None, Meta(description="the road, for example A22/E17")] = None
    territory: Annotated[
        Country | None,
        Meta(description="the country whose ground it is, ISO 3166-1 alpha-2; decides the action"),
    ] = None
    lat: Annotated[Latitude | None, Meta(description="latitude in degrees, WGS 84")] = None
    lon: Annotated[Longitude | None, Meta(description="longitude in degrees, WGS 84")] = None


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cameras.<id>]`: a camera and where it looks."""

    site: Annotated[Identifier | None, Meta(description="its site, as in [sites.<id>]")] = None
    direction: Annotated[Text | None, Meta(description="where the traffic it sees goes, in words")] = None


class Centre(Struct, frozen=True, forbid_unknown_fields=True):
    """`[centres.<id>]`: a police operations centre that is told of hits."""

    name: Annotated[Words | None, Meta(description="the centre's name")] = None
    country: Annotated[Country | None, Meta(description="its country, ISO 3166-1 alpha-2")] = None


class Places(Struct, frozen=True):
    """The cameras and sites known."""

    cameras: Mapping[str, Camera] = {}
    sites: dict[str, Site] = {}

    def site_of(self, camera_id: str) -> str | None:
        """The site a camera stands at, if known."""
        camera = self.cameras.get(camera_id)
        return camera.site if camera else None
