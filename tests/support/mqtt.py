"""An MQTT broker in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqtt.broker import Broker
from paho.mqtt import publish

from tests.support.waiting import HANG_LIMIT_S


def make_broker(port: int) -> Broker:
    """Return a broker that, once started, listens on a local port without login."""
    return Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )


@contextmanager
def running_broker(port: int) -> Iterator[None]:
    """Run a broker on a local port."""
    started, stopping = threading.Event(), threading.Event()

    async def run() -> None:
        broker: Any = make_broker(port)
        await broker.start()
        started.set()
        await asyncio.to_thread(stopping.wait)
        await broker.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(HANG_LIMIT_S)
    yield
    stopping.set()
    thread.join()


def publish_message(port: int, topic: str, body: bytes) -> None:
    """Publish a message with QoS 1."""
    publish.single(topic, body, 1, hostname="127.0.0.1", port=port)
