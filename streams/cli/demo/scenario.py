"""What the demo shows: settings, the network of cameras in them, and alerts for their lists."""

from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from streams.kafka.client import KafkaConfig
from streams.kafka.topics import TopicsConfig
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.simulation.cameras import Crossing, SimulatedCamera, find_crossings
from streams.simulation.demo_listed import Listed, listed
from streams.worker.config import WorkerConfig

_FILE: Final = "demo.toml"
_ALERTS_PER_LIST: Final = 8
_PARTITIONS: Final = 2
_READS_HOURS: Final = 24.0


class DemoScenario(NamedTuple):
    """The settings in force, the crossings that vehicles take, and the vehicles sought."""

    settings: Settings
    crossings: list[Crossing]
    listed: list[Listed]

    @property
    def camera_count(self) -> int:
        """How many cameras send reads."""
        return sum(len(side) for crossing in self.crossings for side in crossing.sides)


def build_scenario(user_settings: Settings | None, seed: int, at: datetime) -> tuple[DemoScenario, list[str]]:
    """The scene of settings, or of the demo's own without any; and notes on what was taken otherwise.

    Lists that the settings do not have, and cameras if none of theirs stands at a site of a known country,
    are the demo's own. Alerts are in force at `at`.
    """
    own = parse_settings(files("streams.cli.demo").joinpath(_FILE).read_text("utf-8"), _FILE)
    settings, notes = user_settings or own, list[str]()
    if not settings.lists:
        settings = msgspec.structs.replace(settings, lists=own.lists, centres=own.centres)
        notes.append("the settings have no lists; the demo's own are taken")
    cameras = _find_cameras(settings)
    if not cameras:
        settings = msgspec.structs.replace(settings, cameras=own.cameras, sites=own.sites)
        cameras = _find_cameras(settings)
        notes.append("the settings have no camera at a site with a territory; the demo's own are taken")
    elif len(cameras) < len(settings.cameras):
        notes.append(
            f"{len(cameras)} of {len(settings.cameras)} cameras send reads; the others are at no site with a "
            "territory"
        )
    modes = {list_id: policy.mode for list_id, policy in settings.lists.items()}
    countries = dict.fromkeys((camera.country for camera in cameras), _READS_HOURS)
    settings = msgspec.structs.replace(
        settings, topics=TopicsConfig(partitions=_PARTITIONS, reads_hours=countries)
    )
    return DemoScenario(settings, find_crossings(cameras), listed(modes, _ALERTS_PER_LIST, seed, at)), notes


def local_settings(settings: Settings, servers: str, folder: Path) -> Settings:
    """The settings for brokers on this machine, and for a worker that keeps its state in a folder."""
    return msgspec.structs.replace(
        settings,
        kafka=KafkaConfig(servers=servers.split(",")),
        worker=WorkerConfig(state_dir=str(folder / "worker")),
    )


def _find_cameras(settings: Settings) -> list[SimulatedCamera]:
    found = []
    for camera_id, camera in settings.cameras.items():
        site = settings.places.sites.get(camera.site or "")
        if camera.site and site and site.territory:
            found.append(SimulatedCamera(camera_id, camera.site, site.territory, site.lat, site.lon))
    return found
