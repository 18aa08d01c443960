"""The settings of a simulated world: its lists and cameras over the built-in network, as a TOML file."""

import json
from importlib.resources import files

from streams.simulation.roads import DIRECTIONS, NETWORK, Roads, build_cameras, next_sites


def settings_text(roads: Roads, comment: str) -> str:
    """Return the file, as `--config` takes it; `comment` is its first line."""
    head = files("streams.simulation").joinpath("settings.toml").read_text("utf-8")
    return f'# {comment}\n{head}\n[network]\nshipped = "{NETWORK}"\n\n{cameras_text(roads)}'


def cameras_text(roads: Roads) -> str:
    """Return the sections of all cameras."""
    carriageways, leads = {name[0]: index for index, name in enumerate(DIRECTIONS)}, next_sites(roads)
    parts = []
    for camera in build_cameras(roads):
        carriageway = carriageways[camera.camera_id.rpartition("-")[2][0]]
        part = f'[cameras.{camera.camera_id}]\nsite = "{camera.site_id}"\n'
        part += f'direction = "{DIRECTIONS[carriageway]}"\n'
        # Where no link leads on, the simulated traffic ends.
        if sites := leads.get((camera.site_id, carriageway)):
            part += f"towards = {json.dumps(sites)}\n"
        parts.append(part)
    return "\n".join(parts)
