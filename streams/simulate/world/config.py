"""The settings of a made-up world: its lists, sites and cameras as a TOML file."""

from importlib.resources import files

from streams.simulate.world.roads import DIRECTIONS, Roads, cameras_of


def config_text(roads: Roads, about: str) -> str:
    """The file, as `--config` takes it; `about` is a line that says what it is."""
    head = files("streams.simulate.world").joinpath("settings.toml").read_text("utf-8")
    parts = [f"# {about}\n{head}"]
    parts += [
        f'[sites.{site.id}]\nname = "{site.name}"\nroad = "{site.road}"\nterritory = "{site.territory}"\n'
        f"lat = {site.lat:.3f}\nlon = {site.lon:.3f}\n"
        for site in roads.site
    ]
    towards = {name[0]: name for name in DIRECTIONS}
    parts += [
        f'[cameras.{camera.camera_id}]\nsite = "{camera.site_id}"\n'
        f'direction = "{towards[camera.camera_id.rpartition("-")[2][0]]}"\n'
        for camera in cameras_of(roads)
    ]
    return "\n".join(parts)
