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

from streams.kafka.client import ConnectionSettingsError, KafkaSection, resolve
from streams.lookback.errors import LookbackError, told
from streams.lookback.gc_tuning import settle
from streams.lookback.scheduler import Keeper, Rules
from streams.runtime.errors import unforeseen

_LENGTH: Final = struct.Struct("!Q")


class Order(NamedTuple):
    """What the process is to do: where Kafka is, the secrets being in its environment, and the rules."""

    section: KafkaSection
    rules: Rules


class Word(Struct, frozen=True):
    """A line for the operator; `failed`: it is why the process ends."""

    text: str
    failed: bool = False


def packed(order: Order) -> bytes:
    """An order as it comes on standard input."""
    content = pickle.dumps(order)
    return _LENGTH.pack(len(content)) + content


def run() -> NoReturn:
    """Runs until the worker is gone or something fails."""
    order = pickle.loads(_exactly(_LENGTH.unpack(_exactly(_LENGTH.size))[0]))
    assert isinstance(order, Order)
    try:
        with told(", ".join(order.section.servers)):
            asyncio.run(_keep(order))
    except (LookbackError, ConnectionSettingsError) as error:
        _say(Word(str(error), failed=True))
    except Exception as error:
        _say(Word(str(unforeseen("looking back", error)), failed=True))
    os._exit(1)


async def _keep(order: Order) -> None:
    keeper = Keeper(resolve(order.section, os.environ), order.rules, lambda text: _say(Word(text)))
    settle()
    listening = asyncio.create_task(_listen(keeper))
    try:
        await keeper.run()
    finally:
        listening.cancel()


async def _listen(keeper: Keeper) -> NoReturn:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        keeper.ours(msgspec.json.decode(line, type=list[int]))
    os._exit(0)


def _say(word: Word) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(word) + b"\n")
    sys.stdout.buffer.flush()


def _exactly(count: int) -> bytes:
    """So many bytes of standard input, none more. Ends the process if the worker is gone before."""
    found = b""
    while len(found) < count:
        more = os.read(sys.stdin.fileno(), count - len(found))
        if not more:
            os._exit(0)
        found += more
    return found
