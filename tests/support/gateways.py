"""A gateway's HTTP over loopback, with a spool and without Kafka: what is kept is looked at in the spool."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from streams.gateway.config import Camera, GatewaySection
from streams.gateway.http.access import Access
from streams.gateway.http.connections import Connections
from streams.gateway.http.rate_limits import Limits
from streams.gateway.http.server import Server, tls_of
from streams.gateway.intake import Intake
from streams.gateway.monitoring.monitor import Watch
from streams.gateway.pictures import Store
from streams.gateway.spool.spool import Entry, Spool
from streams.gateway.spool.writer import Keeper
from streams.records.times import parse_time, to_ms

NOON = to_ms(parse_time("2026-05-21T12:00:00Z"))
SECRET = "a made-up secret"


def basic(user: str, secret: str) -> str:
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


class Ground:
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
        more["headers"] = {"Authorization": basic(user, secret)} | more["headers"]
        async with self.session.post(self.url + path, data=body, **more) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    async def get(self, path: str) -> Reply:
        async with self.session.get(self.url + path) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    def kept(self) -> list[Entry]:
        """All that is in the spool."""
        return [entry for _, entry in self.spool.waiting(0, 100_000)]

    def reads(self) -> list[Any]:
        """The reads in the spool."""
        return [json.loads(entry.value) for entry in self.kept() if entry.topic != "anpr.rejected"]

    def letters(self) -> list[dict[str, Any]]:
        """The dead letters in the spool: their headers, and their body as `body`."""
        return [
            {**dict(entry.headers), "body": entry.value}
            for entry in self.kept()
            if entry.topic == "anpr.rejected"
        ]


@asynccontextmanager
async def gateway(
    folder: Path,
    cameras: Mapping[str, Camera] | None = None,
    now: int = NOON,
    spool_bytes: int = 1 << 30,
    **policy: Any,
) -> AsyncIterator[Ground]:
    """A gateway with cameras (one, `c1`, that sends reads of its own form) whose secret is SECRET."""
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    made = {
        name: camera
        if camera.auth == "certificate"
        else msgspec.structs.replace(camera, secret_file=str(secret))
        for name, camera in (cameras or {"c1": Camera(maker="read")}).items()
    }
    section = GatewaySection(**policy)
    spool = Spool(folder / "spool", spool_bytes)
    keeper = Keeper(spool, lambda _: None)
    server = Server(
        section,
        Access(made, {}),
        Limits({name: camera.events_per_s for name, camera in made.items()}),
        Intake(made, dict.fromkeys(made, "anpr.reads.BE"), "anpr.rejected"),
        Watch(made),
        keeper,
        Store(Path(section.pictures)) if section.pictures else None,
        lambda: now,
        lambda: b"",
        lambda: (True, {}),
    )
    connections = Connections(server.handle, section.event_s)
    host, port = await connections.listen("127.0.0.1", 0, tls_of(section))
    async with aiohttp.ClientSession() as session:
        scheme = "https" if section.cert_file else "http"
        yield Ground(server, spool, f"{scheme}://{host}:{port}", session)
    await connections.close()
    await keeper.close()
