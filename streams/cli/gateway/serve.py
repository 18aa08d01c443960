"""The gateway as a service, until it is stopped."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import uvloop

from streams.cli.common.operator_log import WITH_TIME, log_libraries_to_operator, log_to_operator
from streams.cli.common.options import read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.gateway.context import GatewayContext, GatewayTopics
from streams.gateway.gateway import Gateway
from streams.gateway.http.access import Access, read_mqtt_password
from streams.runtime.clock import now_ms
from streams.runtime.errors import OperatorError
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings


def serve(config: Path | None) -> None:
    """Run the gateway; end the process with its exit code. Raises OperatorError if it cannot start."""
    settings = read_settings(config)
    connection = resolve_connection(settings)
    topics = camera_topics(settings)
    if not topics:
        raise OperatorError(
            "no camera in [cameras] has both a `maker` and a site with a `territory`, so no event could be "
            "accepted; add them for the cameras that send events"
        )
    cameras = {name: settings.cameras[name] for name in topics}
    # Frigate sends to the MQTT broker, which authenticates its users itself.
    senders = {name: camera for name, camera in cameras.items() if camera.vendor != "frigate"}
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
    _configure_process()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run_gateway(gateway, len(cameras)))
    sys.exit(0)


def _configure_process() -> None:
    """Set logging and thread switching of the process, once nothing keeps the gateway from running."""
    log_to_operator(WITH_TIME)
    log_libraries_to_operator()
    # A library's message about a failed send contains the record.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    # A camera that waits for its answer must not wait for Python's 5 ms behind a thread that sends to Kafka.
    sys.setswitchinterval(0.001)


def camera_topics(settings: Settings) -> Mapping[str, str]:
    """Return the topic of reads of each camera that sends events: that of its site's country."""
    topics = {}
    for name, camera in settings.cameras.items():
        site = settings.places.sites.get(camera.site) if camera.site else None
        if camera.vendor is not None and site is not None and site.territory is not None:
            topics[name] = settings.topics.reads_topic(site.territory)
    return topics


async def _run_gateway(gateway: Gateway, camera_count: int) -> None:
    stop_requested = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop_requested.set)
    try:
        host, port = await gateway.start()
    except OSError as error:
        raise OperatorError(f"cannot listen: {error}; see `host` and `port` in [gateway]") from error
    tune_gc(GcProfile.BATCHES)
    say(f"ready: {counted(camera_count, 'camera')}, listening on {host}:{port}")
    await stop_requested.wait()
    remaining = await gateway.stop()
    say(
        f"ended; {counted(remaining, 'record')} left in the spool"
        if remaining
        else "ended; the spool is empty"
    )
