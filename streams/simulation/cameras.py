"""The cameras of the simulated region."""

from typing import NamedTuple


class SimulatedCamera(NamedTuple):
    """A camera: its site, the site's territory, and its position in degrees (WGS 84), if known."""

    camera_id: str
    site_id: str
    country: str
    lat: float | None = None
    lon: float | None = None
