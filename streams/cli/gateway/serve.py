"""Running the gateway until it is told to end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import uvloop

from streams.cli.common.options import connection_of, settings_of
from streams.cli.common.progress import say
from streams.cli.common.text import words
from streams.gateway.gateway import Gateway
from streams.gateway.http.access import Access, AccessError, mqtt_password
from streams.gateway.http.server import TlsError
from streams.gateway.spool.spool import SpoolError
from streams.runtime.clock import now_ms
from streams.runtime.gc_tuning import settle
from streams.settings.model import Settings


def serve(config: Path | None) -> None:
    """Runs it; ends the process."""
    settings = settings_of(config)
    connection = connection_of(settings)
    topics = topics_of(settings)
    if not topics:
        say("anpr gateway: no camera has a `maker` and a site with a `territory`: nothing could be taken")
        sys.exit(1)
    cameras = {name: settings.cameras[name] for name in topics}
    try:
        # Frigate sends to the broker of MQTT, which knows its users itself.
        senders = {name: camera for name, camera in cameras.items() if camera.maker != "frigate"}
        access = Access(senders, os.environ)
        made = Gateway(
            settings.gateway,
            cameras,
            topics,
            settings.topics.names().rejected,
            access,
            connection.for_kafka_python("gateway"),
            now_ms,
            say,
            mqtt_password(settings.gateway, os.environ),
        )
    except (AccessError, SpoolError, TlsError) as error:
        say(f"anpr gateway: {error}")
        sys.exit(1)
    _settle_process()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_run(made, len(cameras)))
    sys.exit(code)


def _settle_process() -> None:
    """Sets what holds for the whole process, so only once nothing keeps the gateway from running."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # What a library says of a failed send has the record in it.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    logging.getLogger("streams").setLevel(logging.INFO)
    # What waits for an answer must not stand behind a thread that sends to Kafka for Python's 5 ms.
    sys.setswitchinterval(0.001)


def topics_of(settings: Settings) -> Mapping[str, str]:
    """The topic of the reads of each camera that sends events, by its country."""
    found = {}
    for name, camera in settings.cameras.items():
        site = settings.places.sites.get(camera.site) if camera.site else None
        if camera.maker is not None and site is not None and site.territory is not None:
            found[name] = settings.topics.reads(site.territory)
    return found


async def _run(made: Gateway, cameras: int) -> int:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    try:
        host, port = await made.start()
    except TlsError as error:
        say(f"anpr gateway: {error}")
        return 1
    except OSError as error:
        say(f"anpr gateway: cannot listen: {error}; see `host` and `port` in [gateway]")
        return 1
    settle()
    say(f"ready: {words(cameras, 'camera')}, listening on {host}:{port}")
    await told.wait()
    left = await made.end()
    say(f"ended; {words(left, 'record')} left in the spool" if left else "ended; the spool is empty")
    return 0
