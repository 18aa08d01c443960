"""Frigate's events over a real broker of MQTT: kept as those over HTTP are, and no others."""

import asyncio
from pathlib import Path
from typing import Any

from streams.gateway.config import Camera, GatewaySection
from streams.gateway.mqtt import Subscription
from tests.support.cameras import free_port
from tests.support.gateways import Ground, gateway
from tests.support.mqtt import broker_of, send
from tests.support.vendor_samples import ARRIVED
from tests.support.vendor_samples import HERE as SAMPLES

LPR = (SAMPLES / "frigate" / "lpr.json").read_bytes()
CAMERAS = {"front": Camera(maker="frigate", device="gate"), "c1": Camera(maker="read")}


async def until(holds: Any, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


def test_events_of_frigate_are_kept_and_those_of_other_cameras_are_not(tmp_path: Path) -> None:
    async def whole() -> None:
        port = free_port()
        async with gateway(tmp_path, CAMERAS, now=ARRIVED) as ground:
            listening = subscription(ground, port)
            # The broker comes after the gateway, which goes on to try.
            listening.start()
            there = broker_of(port)
            await there.start()
            try:
                await until(lambda: listening.reached)
                await asyncio.to_thread(
                    send, port, "frigate/tracked_object_update", LPR.replace(b'"gate"', b'"back"')
                )
                await asyncio.to_thread(send, port, "frigate/tracked_object_update", b"no JSON")
                await asyncio.to_thread(send, port, "other/tracked_object_update", LPR)
                await asyncio.to_thread(send, port, "frigate/tracked_object_update", LPR)
                await until(ground.kept)
                (read,) = ground.reads()
                assert read["camera_id"] == "front"
                assert ground.letters() == []
                await asyncio.to_thread(send, port, "frigate/events", b'{"after": {"camera": "gate"}}')
                await until(ground.letters)
            finally:
                await asyncio.to_thread(listening.stop)
                await there.shutdown()

    asyncio.run(whole())


def subscription(ground: Ground, port: int) -> Subscription:
    policy = GatewaySection(mqtt_host="127.0.0.1", mqtt_port=port)
    return Subscription(policy, None, CAMERAS, ground.server.message, lambda: ARRIVED)
