"""Configuration of places: sites, the links between them, and cameras."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import Millis, Time, to_ms
from streams.records.types import FreeText, Identifier, Latitude, Longitude, ShortText

SiteKind = Literal["road", "rail", "port", "terminal"]
BuiltinNetwork = Literal["none", "fr-be"]
"""The built-in networks, and none of them."""


class NetworkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[network]`: the network on which the operator's own sites are based."""

    shipped: Annotated[
        BuiltinNetwork,
        Meta(
            description="built-in network whose sites are added to the configured ones: `fr-be` has the "
            "roads across the border of France and Belgium and the stations of the Thalys network. A site in "
            "[sites.<id>] replaces the built-in one of the same id as a whole"
        ),
    ] = "none"


class LinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A link from a site to an adjacent one, by road or rail."""

    to: Annotated[
        Identifier, Meta(description="site at the other end, an id in [sites.<id>] or of a built-in site")
    ]
    km: Annotated[float, Meta(gt=0, le=2000, description="length in km")]
    minutes: Annotated[float, Meta(gt=0, le=1440, description="usual travel time in minutes")]
    best_minutes: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=1440,
                description="shortest possible travel time in minutes. If not set, the time at 130 km/h on a "
                "road and 300 km/h on rails, or the usual time if that is shorter",
            ),
        ]
        | None
    ) = None
    one_way: Annotated[
        bool, Meta(description="true if the link leads only to the other end and not back")
    ] = False


class SiteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sites.<id>]`: a place with one or more cameras."""

    name: Annotated[FreeText | None, Meta(description="name of the place, shown in hits")] = None
    kind: Annotated[
        SiteKind,
        Meta(description="`road`; `rail`: a station and its forecourt; `port`; `terminal`, as at Coquelles"),
    ] = "road"
    road: Annotated[ShortText | None, Meta(description="number of the road, for example A22/E17")] = None
    direction: Annotated[
        ShortText | None,
        Meta(description="direction of the traffic in words, if the site has only one carriageway"),
    ] = None
    territory: Annotated[
        Country | None,
        Meta(description="country in whose territory it is, ISO 3166-1 alpha-2; decides the action"),
    ] = None
    lat: Annotated[
        Latitude | None,
        Meta(description="latitude in degrees, WGS 84; with `lon`, required for distances and areas"),
    ] = None
    lon: Annotated[Longitude | None, Meta(description="longitude in degrees, WGS 84")] = None
    passage_gap_s: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=86400,
                description="maximum gap in seconds between two reads of one passage here, instead of that "
                "in [correlation]; longer where vehicles stand, as at a parking place",
            ),
        ]
        | None
    ) = None
    links: Annotated[
        list[LinkConfig],
        Meta(description="links to the next sites; each leads both ways unless it is `one_way`"),
    ] = []


class EarlierSiteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A former site of a camera that was moved."""

    until: Annotated[
        Time, Meta(description="first instant at which the camera was no longer there, RFC 3339")
    ]
    site: Annotated[
        Identifier | None, Meta(description="site of the camera before that instant; if not set, unknown")
    ] = None


class CameraConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cameras.<id>]`: a camera and the traffic that it sees."""

    site: Annotated[
        Identifier | None, Meta(description="site of the camera, an id in [sites.<id>] or of a built-in site")
    ] = None
    direction: Annotated[ShortText | None, Meta(description="direction of the traffic in view, in words")] = (
        None
    )
    towards: Annotated[
        list[Identifier],
        Meta(
            description="next sites of the traffic in view; a link must lead to each of them from the site "
            "of the camera"
        ),
    ] = []
    earlier: Annotated[
        list[EarlierSiteConfig],
        Meta(description="former sites of a camera that was moved, so that older reads keep their place"),
    ] = []


class Places(Struct, frozen=True):
    """The known cameras and sites."""

    cameras: Mapping[str, CameraConfig] = {}
    sites: Mapping[str, SiteConfig] = {}

    def site_at(self, camera_id: str, at_ms: Millis) -> str | None:
        """Return the site of a camera at a time; None if it is not known."""
        camera = self.cameras.get(camera_id)
        if camera is None:
            return None
        if camera.earlier:
            later_moves = [former for former in camera.earlier if at_ms < to_ms(former.until)]
            if later_moves:
                return min(later_moves, key=lambda former: former.until).site
        return camera.site
