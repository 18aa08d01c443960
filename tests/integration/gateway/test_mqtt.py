"""Frigate's events over a real MQTT broker: those of its cameras are stored, and no others."""

import asyncio
from pathlib import Path

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.gateway.mqtt import Subscription
from tests.support.cameras import free_port
from tests.support.gateways import GatewayEnvironment, running_gateway
from tests.support.mqtt import make_broker, publish_message
from tests.support.vendor_samples import ARRIVED_MS
from tests.support.vendor_samples import SAMPLES_FOLDER as SAMPLES
from tests.support.waiting import wait_until_async

LPR = (SAMPLES / "frigate" / "lpr.json").read_bytes()
CAMERAS = {
    "front": GatewayCameraConfig(vendor="frigate", device="gate"),
    "c1": GatewayCameraConfig(vendor="read"),
}


def test_events_of_frigate_cameras_are_stored_and_those_of_others_are_not(tmp_path: Path) -> None:
    async def scenario() -> None:
        port = free_port()
        async with running_gateway(tmp_path, CAMERAS, now_ms=ARRIVED_MS) as environment:
            subscription = make_subscription(environment, port)
            # The broker starts after the gateway, which keeps trying to connect.
            subscription.start()
            broker = make_broker(port)
            await broker.start()
            try:
                await wait_until_async(lambda: subscription.connected, "it is connected")
                await asyncio.to_thread(
                    publish_message, port, "frigate/tracked_object_update", LPR.replace(b'"gate"', b'"back"')
                )
                await asyncio.to_thread(publish_message, port, "frigate/tracked_object_update", b"no JSON")
                await asyncio.to_thread(publish_message, port, "other/tracked_object_update", LPR)
                await asyncio.to_thread(publish_message, port, "frigate/tracked_object_update", LPR)
                await wait_until_async(environment.spooled, "the read is in the spool")
                (read,) = environment.reads()
                assert read["camera_id"] == "front"
                assert environment.dead_letters() == []
                await asyncio.to_thread(
                    publish_message, port, "frigate/events", b'{"after": {"camera": "gate"}}'
                )
                await wait_until_async(environment.dead_letters, "the dead letter is in the spool")
            finally:
                await asyncio.to_thread(subscription.stop)
                await broker.shutdown()

    asyncio.run(scenario())


def make_subscription(environment: GatewayEnvironment, port: int) -> Subscription:
    config = GatewayConfig(mqtt_host="127.0.0.1", mqtt_port=port)
    return Subscription(environment.context._replace(config=config), environment.intake)
