"""The gateway: events of each vendor accepted and on Kafka, how long that takes, how a spool drains."""

import asyncio
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from streams.gateway.spool.spool import Entry, Spool
from streams.records.times import from_ms, to_rfc3339
from streams.runtime.clock import now_ms
from tests.bench.kafka.measure import quantile
from tests.bench.kafka.sides import WITHIN_S, ending
from tests.bench.table import show
from tests.support.cameras import SECRET, free_port, write_gateway_config
from tests.support.kafka import KafkaEnvironment, ProductTopics
from tests.support.processes import Process

SAMPLES: Final = Path(__file__).parents[2] / "unit" / "gateway" / "vendors" / "samples"
CONNECTIONS: Final = 32
RATE: Final = 500
WARM_S: Final = 5.0
_FORM: Final = "multipart/form-data; boundary=boundary"


class Kind(NamedTuple):
    """An event of a vendor: its name in the table, the vendor, and the sample, or None for the own form."""

    name: str
    vendor: str
    sample: str | None = None
    aim: str = ""


KINDS: Final = (
    Kind("read", "read", None, "≥ 2,000"),
    Kind("axis", "axis", "axis/new.json", "≥ 2,000"),
    Kind("openalpr", "openalpr", "openalpr/group.json", "≥ 2,000"),
    Kind("platerecognizer", "platerecognizer", "platerecognizer/one.json", "≥ 2,000"),
    Kind("dahua", "dahua", "dahua/full.json", "≥ 2,000"),
    Kind("dahua-events", "dahua-events", "dahua_events/one.txt", "≥ 2,000"),
    Kind("hikvision, XML", "hikvision", "hikvision/full.xml"),
    Kind("hikvision, with pictures", "hikvision", "hikvision/with_pictures.multipart"),
)


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the tables."""
    ours = stage.create_product_topics("gateway")
    count = 3_000 if quick else 20_000
    rows = []
    for kind in KINDS:
        with _gateway(stage, ours, kind.vendor) as port:
            body, content_type = _body(kind)
            _flood(port, body, content_type, 500)
            before = sum(stage.end_offsets(ours.reads))
            began = time.perf_counter()
            taken = _flood(port, body, content_type, count)
            while sum(stage.end_offsets(ours.reads)) - before < count:
                time.sleep(0.005)
            rate = count / (time.perf_counter() - began)
            rows.append((kind.name, f"{len(body):,}", f"{rate:,.0f}", f"{count / taken:,.0f}", kind.aim))
    show(
        f"Events a second of {CONNECTIONS} connections, the gateway on one core: accepted and on Kafka, and "
        "accepted",
        ("events of", "bytes", "on Kafka", "accepted", "aim"),
        rows,
    )
    _latency(stage, ours, 8 if quick else 30)
    _drain(stage, ours, 50_000 if quick else 1_000_000)


def _latency(stage: KafkaEnvironment, ours: ProductTopics, for_s: float) -> None:
    with _gateway(stage, ours, "read") as port:
        asyncio.run(_steady(port, WARM_S))
        tail = stage.open_consumer(ours.reads)
        sent, answers = asyncio.run(_steady(port, for_s))
        there: list[float] = []
        deadline = time.time() + WITHIN_S
        while len(there) < len(sent) and time.time() < deadline:
            for message in tail.consume(1000, 0.2):
                # The broker's own time of the append, in whole ms.
                read_id = message.value().split(b'"', 4)[3].decode()
                there.append(message.timestamp()[1] - sent[read_id] * 1000)
        tail.close()
    rows = []
    for what, values, aim in (
        ("appended by Kafka", there, "p99 ≤ 100 ms"),
        ("answered", [each * 1000 for each in answers], ""),
    ):
        middle, most = (f"{quantile(values, share):.0f} ms" for share in (0.5, 0.99))
        rows.append((what, f"{len(values):,}", middle, most, f"{max(values):.0f} ms", aim))
    show(
        f"From a request's first byte, {RATE} events a second over {for_s:g} s, after {WARM_S:g} s that do "
        "not count",
        ("until", "events", "p50", "p99", "longest", "aim"),
        rows,
    )


def _drain(stage: KafkaEnvironment, ours: ProductTopics, count: int) -> None:
    port = free_port()
    config = write_gateway_config(stage, ours, port, {"c0": "read"}, "spool_mb = 10000")
    spool = Spool(stage.folder / f"spool-{port}", 10 << 30)
    value, now = _own().encode(), now_ms()
    for first in range(0, count, 10_000):
        part = range(first, min(first + 10_000, count))
        spool.put([Entry(ours.reads, b"c%d" % (number % 100), value, now, now) for number in part])
    size = spool.statistics().used_bytes
    spool.close()
    before = sum(stage.end_offsets(ours.reads))
    process = _start(stage, config)
    with ending(process):
        process.wait_ready(WITHIN_S)
        began = time.perf_counter()
        while sum(stage.end_offsets(ours.reads)) - before < count:
            time.sleep(0.05)
        rate = count / (time.perf_counter() - began)
    show(
        "A spool left from before, the gateway on one core",
        ("reads", "on disk", "delivered a second"),
        [(f"{count:,}", f"{size / 1e6:,.0f} MB", f"{rate:,.0f}")],
    )


@contextmanager
def _gateway(stage: KafkaEnvironment, ours: ProductTopics, vendor: str) -> Iterator[int]:
    """A gateway of one camera `c0` of a vendor, on one core; its port."""
    port = free_port()
    process = _start(stage, write_gateway_config(stage, ours, port, {"c0": vendor}))
    with ending(process):
        process.wait_ready(WITHIN_S)
        yield port


def _start(stage: KafkaEnvironment, config: Path) -> Process:
    code = (
        "import os, sys; os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})\n"
        "from streams.cli.main import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "gateway", "--config", str(config)]
    return Process(command, stage.folder / f"{config.stem}.log")


def _own(read_id: str = "0123456789abcdef") -> str:
    now = to_rfc3339(from_ms(now_ms()))
    return (
        f'{{"read_id":"{read_id}","captured_at":"{now}","plate":"1-ABC-123","country":"BE",'
        '"confidence":0.97,"lane":2,"vehicle":{"make":"PEUGEOT","colour":"grey","type":"car"}}'
    )


def _body(kind: Kind) -> tuple[bytes, str]:
    if kind.sample is None:
        return _own().encode(), "application/json"
    return (SAMPLES / kind.sample).read_bytes(), _FORM if kind.sample.endswith(".multipart") else ""


def _request(body: bytes, content_type: str) -> bytes:
    login = b64encode(f"c0:{SECRET}".encode()).decode()
    head = f"POST / HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {login}\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1"))
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))


def _flood(port: int, body: bytes, content_type: str, count: int) -> float:
    """Sends as fast as the answers come; the seconds it took."""
    request, left = _request(body, content_type), count

    async def sender() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            writer.write(request)
            await _answer(reader)
        writer.close()

    async def all_() -> None:
        await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))

    began = time.perf_counter()
    asyncio.run(all_())
    return time.perf_counter() - began


async def _steady(port: int, for_s: float) -> tuple[dict[str, float], list[float]]:
    """Sends at a steady pace; when each read was sent (s since 1970), and the seconds to each answer."""
    sent: dict[str, float] = {}
    answers: list[float] = []
    began = time.monotonic()

    async def sender(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(place, int(for_s * RATE), CONNECTIONS):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            read_id = f"e{number}"
            request = _request(_own(read_id).encode(), "application/json")
            sent[read_id] = time.time()
            writer.write(request)
            await _answer(reader)
            answers.append(time.time() - sent[read_id])
        writer.close()

    await asyncio.gather(*map(sender, range(CONNECTIONS)))
    return sent, answers
