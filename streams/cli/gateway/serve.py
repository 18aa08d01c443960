"""Running the gateway until it is told to end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import uvloop

from streams.cli.common.options import read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.gateway.context import GatewayContext, GatewayTopics
from streams.gateway.gateway import Gateway
from streams.gateway.http.access import Access, AccessError, read_mqtt_password
from streams.gateway.spool.spool import SpoolError
from streams.gateway.tls import TlsError
from streams.runtime.clock import now_ms
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings


def serve(config: Path | None) -> None:
    """Runs it; ends the process."""
    settings = read_settings(config)
    connection = resolve_connection(settings)
    topics = camera_topics(settings)
    if not topics:
        say("anpr gateway: no camera has a `maker` and a site with a `territory`: nothing could be taken")
        sys.exit(1)
    cameras = {name: settings.cameras[name] for name in topics}
    try:
        # Frigate sends to the broker of MQTT, which knows its users itself.
        senders = {name: camera for name, camera in cameras.items() if camera.maker != "frigate"}
        access = Access(senders, os.environ)
        context = GatewayContext(
            settings.gateway, cameras, GatewayTopics(topics, settings.topics.names().rejected), now_ms
        )
        gateway = Gateway(
            context,
            access,
            connection.for_kafka_python("gateway"),
            read_mqtt_password(settings.gateway, os.environ),
        )
    except (AccessError, SpoolError, TlsError) as error:
        say(f"anpr gateway: {error}")
        sys.exit(1)
    _configure_process()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_run_gateway(gateway, len(cameras)))
    sys.exit(code)


def _configure_process() -> None:
    """Sets what holds for the whole process, so only once nothing keeps the gateway from running."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # What a library says of a failed send has the record in it.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    logging.getLogger("streams").setLevel(logging.INFO)
    # What waits for an answer must not stand behind a thread that sends to Kafka for Python's 5 ms.
    sys.setswitchinterval(0.001)


def camera_topics(settings: Settings) -> Mapping[str, str]:
    """The topic of the reads of each camera that sends events, by its country."""
    found = {}
    for name, camera in settings.cameras.items():
        site = settings.places.sites.get(camera.site) if camera.site else None
        if camera.maker is not None and site is not None and site.territory is not None:
            found[name] = settings.topics.reads_topic(site.territory)
    return found


async def _run_gateway(gateway: Gateway, camera_count: int) -> int:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    try:
        host, port = await gateway.start()
    except TlsError as error:
        say(f"anpr gateway: {error}")
        return 1
    except OSError as error:
        say(f"anpr gateway: cannot listen: {error}; see `host` and `port` in [gateway]")
        return 1
    tune_gc(GcProfile.BATCHES)
    say(f"ready: {counted(camera_count, 'camera')}, listening on {host}:{port}")
    await told.wait()
    left = await gateway.stop()
    say(f"ended; {counted(left, 'record')} left in the spool" if left else "ended; the spool is empty")
    return 0
