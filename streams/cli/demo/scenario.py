"""What the demo shows: settings, the simulated region in them, and alerts for their lists."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from streams.kafka.client import KafkaConfig
from streams.kafka.topics import TopicsConfig
from streams.records.alert import Alert, alert_key
from streams.records.times import DAY_MS, HOUR_MS, Millis, from_ms
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.simulation.live import LiveTraffic
from streams.simulation.rates import Rates
from streams.simulation.roads import builtin_roads
from streams.simulation.scenario import Scenario
from streams.simulation.settings_file import cameras_text
from streams.simulation.world import World
from streams.worker.config import WorkerConfig

_FILE: Final = "demo.toml"
_PARTITIONS: Final = 2
_READS_HOURS: Final = 24.0
_LISTED_INTERVAL_S: Final = 1.0
"""How often a listed vehicle passes a camera, whatever the rate: often enough to read the hits."""
_LISTED_PASSAGE_FACTOR: Final = 0.75
"""Share of listed reads in a short time, in parts of the share of listed vehicles; measured."""
_AFTERNOON_MS: Final = 1_779_379_200_000
"""2026-05-21 16:00 UTC."""
_MAX_LISTED_SHARE: Final = 0.2
_ALERTS: Final = 3_000


class DemoTraffic(NamedTuple):
    """A simulated world and the alerts for it, each by the key that the world's truth has for it."""

    world: World
    alerts: Mapping[str, Alert]

    def start(self, start_ms: Millis) -> LiveTraffic:
        """Return its traffic from a time on."""
        return LiveTraffic(self.world, start_ms)


def build_settings(user_settings: Settings | None) -> tuple[Settings, list[str]]:
    """Return the settings that the demo shows, the demo's own without any, and notes on what was replaced.

    All reads are of the cameras of the simulated region, which is the built-in network.
    """
    region = parse_settings(_own_text(), _FILE)
    settings, notes = user_settings or region, list[str]()
    if not settings.lists:
        settings = msgspec.structs.replace(settings, lists=region.lists, centres=region.centres)
        notes.append("the settings have no lists; those of the demo are used")
    if user_settings is not None:
        notes.append("reads are simulated; they come from cameras of the built-in network")
        if settings.network != region.network:
            notes.append("sites and joint operations of the settings are left out")
            settings = msgspec.structs.replace(settings, sites={}, operations={}, cameras={})
        cameras = {**settings.cameras, **region.cameras}
        settings = msgspec.structs.replace(settings, cameras=cameras, network=region.network)
    countries = dict.fromkeys(sorted({site.territory for site in builtin_roads().sites}), _READS_HOURS)
    topics = TopicsConfig(partitions=_PARTITIONS, reads_hours=countries)
    return msgspec.structs.replace(settings, topics=topics), notes


def build_traffic(settings: Settings, seed: int, seconds: float, rate: float, now_ms: Millis) -> DemoTraffic:
    """Return traffic of about `rate` reads a second and alerts for the lists of settings.

    The traffic is that of an afternoon, whatever the hour, so a seed gives the same traffic at any time.
    """
    listed = min(1 / _LISTED_INTERVAL_S / rate / _LISTED_PASSAGE_FACTOR, _MAX_LISTED_SHARE)
    world = World(
        Scenario(
            seed,
            max(round(rate * seconds), 1),
            _ALERTS,
            _AFTERNOON_MS,
            seconds * 1000 / HOUR_MS,
            Rates(listed=listed, late=0.0, clock_wrong=0.0),
        )
    )
    decoder = msgspec.json.Decoder(Alert)
    alerts = [decoder.decode(line) for batch in world.alert_batches() for line in batch.splitlines()]
    valid = {"valid_from": from_ms(now_ms - 30 * DAY_MS), "valid_until": from_ms(now_ms + 60 * DAY_MS)}
    placed = {
        "/".join(alert_key(alert)): _place_on_list(
            msgspec.structs.replace(alert, alert_id=f"{alert.alert_id}-{seed}", **valid),
            settings,
            number,
        )
        for number, alert in enumerate(alerts)
    }
    return DemoTraffic(world, placed)


def local_settings(settings: Settings, servers: str, folder: Path) -> Settings:
    """Return the settings for brokers on this machine and a worker that stores its state in a folder."""
    return msgspec.structs.replace(
        settings,
        kafka=KafkaConfig(servers=servers.split(",")),
        worker=WorkerConfig(state_dir=str(folder / "worker")),
    )


def _own_text() -> str:
    head = files("streams.cli.demo").joinpath(_FILE).read_text("utf-8")
    return f"{head}\n{cameras_text(builtin_roads())}"


def _place_on_list(alert: Alert, settings: Settings, number: int) -> Alert:
    """Return the alert on a list of the settings; a pattern on one whose mode admits it."""
    lists = list(settings.lists)
    list_id = alert.list_id if alert.list_id in settings.lists else lists[number % len(lists)]
    if settings.lists[list_id].mode == "exact" and "?" in alert.plate:
        list_id = next((each for each in lists if settings.lists[each].mode != "exact"), list_id)
    return msgspec.structs.replace(alert, list_id=list_id)
