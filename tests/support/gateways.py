"""A gateway's HTTP over loopback, with a spool and without Kafka: what is kept is looked at in the spool."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.gateway.http.access import Access
from streams.gateway.http.connections import Connections
from streams.gateway.http.rate_limits import RateLimits
from streams.gateway.http.server import Server, build_tls_context
from streams.gateway.intake import Intake
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.gateway.pictures import PictureStore
from streams.gateway.spool.spool import Entry, Spool
from streams.gateway.spool.writer import SpoolWriter
from streams.records.times import parse_time, to_ms

NOON_MS = to_ms(parse_time("2026-05-21T12:00:00Z"))
SECRET = "a made-up secret"


def basic_auth(user: str, secret: str) -> str:
    """The header of a login by Basic."""
    return "Basic " + b64encode(f"{user}:{secret}".encode()).decode()


class Reply(NamedTuple):
    """What a camera hears."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class GatewayEnvironment:
    """A server that listens, and its spool. `now` may be set."""

    def __init__(self, server: Server, spool: Spool, url: str, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.spool = spool
        self.url = url
        self.session = session

    async def send(
        self,
        body: bytes | str | dict[str, Any] | Any,
        user: str = "c1",
        secret: str = SECRET,
        path: str = "/",
        **more: Any,
    ) -> Reply:
        """Sends an event as a camera does that logs in by Basic; `more` as for aiohttp's client."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        more.setdefault("headers", {})
        more["headers"] = {"Authorization": basic_auth(user, secret)} | more["headers"]
        async with self.session.post(self.url + path, data=body, **more) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    async def get(self, path: str) -> Reply:
        async with self.session.get(self.url + path) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    def spooled(self) -> list[Entry]:
        """All that is in the spool."""
        return [entry for _, entry in self.spool.pending_entries(0, 100_000)]

    def reads(self) -> list[Any]:
        """The reads in the spool."""
        return [json.loads(entry.value) for entry in self.spooled() if entry.topic != "anpr.rejected"]

    def dead_letters(self) -> list[dict[str, Any]]:
        """The dead letters in the spool: their headers, and their body as `body`."""
        return [
            {**dict(entry.headers), "body": entry.value}
            for entry in self.spooled()
            if entry.topic == "anpr.rejected"
        ]


@asynccontextmanager
async def running_gateway(
    folder: Path,
    cameras: Mapping[str, GatewayCameraConfig] | None = None,
    now_ms: int = NOON_MS,
    spool_bytes: int = 1 << 30,
    **policy: Any,
) -> AsyncIterator[GatewayEnvironment]:
    """A gateway with cameras (one, `c1`, that sends reads of its own form) whose secret is SECRET."""
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    made = {
        name: camera
        if camera.auth == "certificate"
        else msgspec.structs.replace(camera, secret_file=str(secret))
        for name, camera in (cameras or {"c1": GatewayCameraConfig(maker="read")}).items()
    }
    section = GatewayConfig(**policy)
    spool = Spool(folder / "spool", spool_bytes)
    keeper = SpoolWriter(spool, lambda _: None)
    server = Server(
        section,
        Access(made, {}),
        RateLimits({name: camera.events_per_s for name, camera in made.items()}),
        Intake(made, dict.fromkeys(made, "anpr.reads.BE"), "anpr.rejected"),
        CameraMonitor(made),
        keeper,
        PictureStore(Path(section.pictures)) if section.pictures else None,
        lambda: now_ms,
        lambda: b"",
        lambda: (True, {}),
    )
    connections = Connections(server.handle, section.event_s)
    host, port = await connections.listen("127.0.0.1", 0, build_tls_context(section))
    async with aiohttp.ClientSession() as session:
        scheme = "https" if section.cert_file else "http"
        yield GatewayEnvironment(server, spool, f"{scheme}://{host}:{port}", session)
    await connections.close()
    await keeper.close()
