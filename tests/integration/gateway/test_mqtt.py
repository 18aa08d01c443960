"""Frigate's events over a real broker of MQTT: kept as those over HTTP are, and no others."""

import asyncio
from pathlib import Path
from typing import Any

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.gateway.mqtt import Subscription
from tests.support.cameras import free_port
from tests.support.gateways import GatewayEnvironment, running_gateway
from tests.support.mqtt import make_broker, publish_message
from tests.support.vendor_samples import ARRIVED_MS
from tests.support.vendor_samples import SAMPLES_FOLDER as SAMPLES

LPR = (SAMPLES / "frigate" / "lpr.json").read_bytes()
CAMERAS = {
    "front": GatewayCameraConfig(maker="frigate", device="gate"),
    "c1": GatewayCameraConfig(maker="read"),
}


async def until(holds: Any, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


def test_events_of_frigate_are_kept_and_those_of_other_cameras_are_not(tmp_path: Path) -> None:
    async def whole() -> None:
        port = free_port()
        async with running_gateway(tmp_path, CAMERAS, now_ms=ARRIVED_MS) as ground:
            listening = subscription(ground, port)
            # The broker comes after the gateway, which goes on to try.
            listening.start()
            there = make_broker(port)
            await there.start()
            try:
                await until(lambda: listening.connected)
                await asyncio.to_thread(
                    publish_message, port, "frigate/tracked_object_update", LPR.replace(b'"gate"', b'"back"')
                )
                await asyncio.to_thread(publish_message, port, "frigate/tracked_object_update", b"no JSON")
                await asyncio.to_thread(publish_message, port, "other/tracked_object_update", LPR)
                await asyncio.to_thread(publish_message, port, "frigate/tracked_object_update", LPR)
                await until(ground.spooled)
                (read,) = ground.reads()
                assert read["camera_id"] == "front"
                assert ground.dead_letters() == []
                await asyncio.to_thread(
                    publish_message, port, "frigate/events", b'{"after": {"camera": "gate"}}'
                )
                await until(ground.dead_letters)
            finally:
                await asyncio.to_thread(listening.stop)
                await there.shutdown()

    asyncio.run(whole())


def subscription(ground: GatewayEnvironment, port: int) -> Subscription:
    config = GatewayConfig(mqtt_host="127.0.0.1", mqtt_port=port)
    return Subscription(ground.context._replace(config=config), ground.intake)
