"""A gateway's HTTP server over loopback, with a spool and without Kafka: its output is read from the
spool."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.gateway.context import GatewayContext, GatewayTopics
from streams.gateway.delivery import Delivery
from streams.gateway.http.access import Access
from streams.gateway.http.connections import Connections
from streams.gateway.http.server import Server
from streams.gateway.intake import Intake
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.gateway.monitoring.status import GatewayStatus
from streams.gateway.spool.spool import Entry, Spool
from streams.gateway.spool.writer import SpoolWriter
from streams.gateway.tls import build_server_context
from streams.records.times import Millis, parse_time, to_ms

NOON_MS = to_ms(parse_time("2026-05-21T12:00:00Z"))
SECRET = "a made-up secret"
READS_TOPIC = "anpr.reads.BE"
DEAD_LETTER_TOPIC = "anpr.rejected"
DEFAULT_CAMERAS: Mapping[str, GatewayCameraConfig] = {"c1": GatewayCameraConfig(vendor="read")}


def basic_auth(user: str, secret: str) -> str:
    """Return the Authorization header of a Basic login."""
    return "Basic " + b64encode(f"{user}:{secret}".encode()).decode()


class Reply(NamedTuple):
    """The gateway's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class GatewayEnvironment(NamedTuple):
    """A listening server with its parts."""

    context: GatewayContext
    intake: Intake
    monitor: CameraMonitor
    spool: Spool
    url: str
    session: aiohttp.ClientSession

    async def send(
        self,
        body: bytes | str | dict[str, Any] | Any,
        user: str = "c1",
        secret: str = SECRET,
        path: str = "/",
        **options: Any,
    ) -> Reply:
        """Send an event as a camera with a Basic login does; `options` are those of aiohttp's client."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        options.setdefault("headers", {})
        options["headers"] = {"Authorization": basic_auth(user, secret)} | options["headers"]
        async with self.session.post(self.url + path, data=body, **options) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    async def get(self, path: str) -> Reply:
        async with self.session.get(self.url + path) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    def spooled(self) -> list[Entry]:
        """Return all entries of the spool."""
        return [entry for _, entry in self.spool.pending_entries(0, 100_000)]

    def reads(self) -> list[Any]:
        """Return the reads in the spool."""
        return [json.loads(entry.value) for entry in self.spooled() if entry.topic == READS_TOPIC]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Return the dead letters in the spool: their headers, and their value as `body`."""
        return [
            {**dict(entry.headers), "body": entry.value}
            for entry in self.spooled()
            if entry.topic == DEAD_LETTER_TOPIC
        ]


@asynccontextmanager
async def running_gateway(
    folder: Path,
    cameras: Mapping[str, GatewayCameraConfig] = DEFAULT_CAMERAS,
    now_ms: Millis = NOON_MS,
    spool_bytes: int = 1 << 30,
    **config_fields: Any,
) -> AsyncIterator[GatewayEnvironment]:
    """Run a server for cameras whose secret is SECRET; by default `c1`, which sends reads of the native
    format."""
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    cameras = {
        camera_id: camera
        if camera.auth == "certificate"
        else msgspec.structs.replace(camera, secret_file=str(secret))
        for camera_id, camera in cameras.items()
    }
    config = GatewayConfig(**config_fields)
    topics = GatewayTopics(dict.fromkeys(cameras, READS_TOPIC), DEAD_LETTER_TOPIC)
    context = GatewayContext(config, cameras, topics, lambda: now_ms)
    spool = Spool(folder / "spool", spool_bytes)
    spool_writer = SpoolWriter(spool)
    monitor = CameraMonitor(cameras)
    intake = Intake(context, spool_writer, monitor)
    # Never started, so everything stays in the spool.
    delivery = Delivery(context, spool, {}, spool_writer.delete)
    status = GatewayStatus(context, monitor, intake, delivery)
    server = Server(context, Access(cameras, {}), intake, monitor, status)
    connections = Connections(server.handle, config.event_s)
    host, port = await connections.listen("127.0.0.1", 0, build_server_context(config))
    scheme = "https" if config.cert_file else "http"
    async with aiohttp.ClientSession() as session:
        yield GatewayEnvironment(context, intake, monitor, spool, f"{scheme}://{host}:{port}", session)
    await connections.close()
    await spool_writer.close()
