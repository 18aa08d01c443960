"""What the process beside a worker does, and how the two speak.

On standard input comes an Order, pickled and preceded by its length, and then, a line of JSON each time, the
partitions of the matches that are the worker's. When it ends, the worker is gone, and so is the process. On
standard output goes a Word as a line of JSON for each line that the operator is to be told.
"""

import asyncio
import os
import pickle
import struct
import sys
from typing import Final, NamedTuple, NoReturn

import msgspec
from msgspec import Struct

from streams.kafka.client import ConnectionSettingsError, KafkaConfig, connection_from_settings
from streams.lookback.errors import LookbackError, as_lookback_error
from streams.lookback.scheduler import LookbackScheduler, LookbackSettings
from streams.runtime.errors import unexpected_error
from streams.runtime.gc_tuning import GcProfile, tune_gc

_LENGTH: Final = struct.Struct("!Q")


class ChildConfig(NamedTuple):
    """What the process is to do: where Kafka is, the secrets being in its environment, and the rules."""

    kafka: KafkaConfig
    settings: LookbackSettings


class ChildMessage(Struct, frozen=True):
    """A line for the operator; `failed`: it is why the process ends."""

    text: str
    failed: bool = False


def pack_config(config: ChildConfig) -> bytes:
    """An order as it comes on standard input."""
    content = pickle.dumps(config)
    return _LENGTH.pack(len(content)) + content


def run() -> NoReturn:
    """Runs until the worker is gone or something fails."""
    order = pickle.loads(_read_exactly(_LENGTH.unpack(_read_exactly(_LENGTH.size))[0]))
    assert isinstance(order, ChildConfig)
    try:
        with as_lookback_error(", ".join(order.kafka.servers)):
            asyncio.run(_run_scheduler(order))
    except (LookbackError, ConnectionSettingsError) as error:
        _send_message(ChildMessage(str(error), failed=True))
    except Exception as error:
        _send_message(ChildMessage(str(unexpected_error("looking back", error)), failed=True))
    os._exit(1)


async def _run_scheduler(config: ChildConfig) -> None:
    keeper = LookbackScheduler(
        connection_from_settings(config.kafka, os.environ),
        config.settings,
        lambda text: _send_message(ChildMessage(text)),
    )
    tune_gc(GcProfile.SCAN)
    listening = asyncio.create_task(_listen(keeper))
    try:
        await keeper.run()
    finally:
        listening.cancel()


async def _listen(scheduler: LookbackScheduler) -> NoReturn:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        scheduler.assign(msgspec.json.decode(line, type=list[int]))
    os._exit(0)


def _send_message(message: ChildMessage) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def _read_exactly(count: int) -> bytes:
    """So many bytes of standard input, none more. Ends the process if the worker is gone before."""
    found = b""
    while len(found) < count:
        more = os.read(sys.stdin.fileno(), count - len(found))
        if not more:
            os._exit(0)
        found += more
    return found
