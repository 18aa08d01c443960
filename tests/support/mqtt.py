"""A broker of MQTT, in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqtt.broker import Broker
from paho.mqtt import publish


def make_broker(port: int) -> Broker:
    """One that listens on a port of this machine, for everybody, when it is started."""
    return Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )


@contextmanager
def running_broker(port: int) -> Iterator[None]:
    """One that runs."""
    begun, over = threading.Event(), threading.Event()

    async def run() -> None:
        broker: Any = make_broker(port)
        await broker.start()
        begun.set()
        await asyncio.to_thread(over.wait)
        await broker.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert begun.wait(20)
    yield
    over.set()
    thread.join()


def publish_message(port: int, topic: str, body: bytes) -> None:
    """Publishes a message, with QoS 1."""
    publish.single(topic, body, 1, hostname="127.0.0.1", port=port)
