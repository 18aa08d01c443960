"""The settings of a made-up world: its lists and cameras, and the shipped network, as a TOML file."""

import json
from importlib.resources import files

from streams.simulation.roads import DIRECTIONS, NETWORK, Roads, build_cameras, next_sites


def settings_text(roads: Roads, comment: str) -> str:
    """The file, as `--config` takes it; `about` is a line that says what it is."""
    head = files("streams.simulation").joinpath("settings.toml").read_text("utf-8")
    parts = [f"# {comment}\n{head}", f'[network]\nshipped = "{NETWORK}"\n']
    ways, leads = {name[0]: place for place, name in enumerate(DIRECTIONS)}, next_sites(roads)
    for camera in build_cameras(roads):
        way = ways[camera.camera_id.rpartition("-")[2][0]]
        parts.append(
            f'[cameras.{camera.camera_id}]\nsite = "{camera.site_id}"\ndirection = "{DIRECTIONS[way]}"\n'
        )
        # Where no link leads on, the traffic that is seen ends there.
        if sites := leads.get((camera.site_id, way)):
            parts[-1] += f"towards = {json.dumps(sites)}\n"
    return "\n".join(parts)
