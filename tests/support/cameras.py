"""Cameras that send to a gateway over HTTP and repeat an event until it is accepted, as real ones do."""

import asyncio
import json
import socket
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import aiohttp

from streams.records.times import from_ms, to_rfc3339
from streams.runtime.clock import now_ms
from tests.support.kafka import KafkaEnvironment, ProductTopics
from tests.support.processes import COMMAND, Process
from tests.support.waiting import HANG_LIMIT_S

SECRET: Final = "a made-up secret"
_RETRY_DELAY_S: Final = 0.1


def free_port() -> int:
    """Return a local port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class GatewayProcess(Process):
    """`anpr gateway`."""

    def __init__(self, config: Path, log: Path) -> None:
        super().__init__([COMMAND, "gateway", "--config", str(config)], log)


def write_gateway_config(
    environment: KafkaEnvironment,
    topics: ProductTopics,
    port: int,
    vendors: Mapping[str, str],
    extra: str = "",
) -> Path:
    """Write the settings of a gateway; `vendors` are by camera, `extra` is lines of `[gateway]`."""
    secret = environment.folder / "secret"
    secret.write_text(SECRET)
    servers = ", ".join(f'"{server}"' for server in environment.servers.split(","))
    cameras = "".join(
        f'[cameras.{camera_id}]\nsite = "s"\nmaker = "{vendor}"\nzone = "Europe/Brussels"\n'
        f'events_per_s = 10000\nsecret_file = "{secret}"\n'
        for camera_id, vendor in vendors.items()
    )
    path = environment.folder / f"gateway-{port}.toml"
    path.write_text(
        f'[kafka]\nservers = [{servers}]\n[topics]\nprefix = "{topics.prefix}"\nreads_hours = {{BE = 24}}\n'
        f'[gateway]\nport = {port}\nspool = "{environment.folder}/spool-{port}"\n{extra}\n'
        f'[sites.s]\nterritory = "BE"\n{cameras}'
    )
    return path


class CameraFleet:
    """Cameras that together send `rate` events per second, in a thread, until the context ends.

    Each sends its events one after the other: the next when the previous one was accepted.
    """

    def __init__(self, port: int, cameras: int, rate: float) -> None:
        self._url = f"http://127.0.0.1:{port}/"
        self._interval_s = cameras / rate
        self._stop = threading.Event()
        self.accepted: dict[str, list[str]] = {f"c{number}": [] for number in range(cameras)}
        """By camera, the ids of the reads that were accepted, in order."""
        self.unanswered = 0
        """Requests without an answer: their events may have been accepted or not."""
        self.refused: Counter[int] = Counter()
        self.longest_answer_s = 0.0
        """The longest time to an answer."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run_all()), daemon=True)

    def __enter__(self) -> "CameraFleet":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the cameras once each event that was sent is accepted."""
        self._stop.set()
        self._thread.join()

    async def _run_all(self) -> None:
        timeout = aiohttp.ClientTimeout(total=HANG_LIMIT_S)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
            await asyncio.gather(*(self._run_camera(session, name) for name in self.accepted))

    async def _run_camera(self, session: aiohttp.ClientSession, name: str) -> None:
        login = {"Authorization": "Basic " + b64encode(f"{name}:{SECRET}".encode()).decode()}
        number, due = 0, time.monotonic()
        while not self._stop.is_set():
            event = f"{name}-{number}"
            body = json.dumps(
                {
                    "read_id": event,
                    "captured_at": to_rfc3339(from_ms(now_ms())),
                    "plate": f"1-ABC-{number % 1000:03d}",
                    "country": "BE",
                    "confidence": 0.97,
                }
            )
            while not await self._send_event(session, body, login):
                await asyncio.sleep(_RETRY_DELAY_S)
            self.accepted[name].append(event)
            number += 1
            due = max(due + self._interval_s, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _send_event(self, session: aiohttp.ClientSession, body: str, login: dict[str, str]) -> bool:
        began = time.monotonic()
        try:
            async with session.post(self._url, data=body, headers=login) as response:
                await response.read()
        except aiohttp.ClientConnectorError:
            return False  # the gateway does not listen
        except (aiohttp.ClientError, TimeoutError):
            self.unanswered += 1
            return False
        self.longest_answer_s = max(self.longest_answer_s, time.monotonic() - began)
        if response.status != 200:
            self.refused[response.status] += 1
        return response.status == 200
