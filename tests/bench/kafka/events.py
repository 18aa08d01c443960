"""The peer of a Faust agent as the manual has it: one event at a time, orjson and a dictionary.

`python -m tests.bench.kafka.events SERVERS READS HITS GROUP ALERTS`
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faust
import orjson

from tests.bench.kafka.plain import exact, hit_of
from tests.bench.match import plain


def run(servers: str, reads: str, hits: str, group: str, count: int, folder: Path) -> None:
    """Runs the agent until SIGTERM."""
    listed = exact(count)
    app = faust.App(
        group,
        broker=";".join(f"kafka://{server}" for server in servers.split(",")),
        datadir=folder,
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )
    reads_topic = app.topic(reads, value_type=bytes, value_serializer="raw")
    hits_topic = app.topic(hits, value_type=bytes, value_serializer="raw")

    @app.agent(reads_topic)
    async def match(stream: Any) -> None:
        async for value in stream:
            read = orjson.loads(value)
            alert = listed.get(plain(read["plate"]))
            if alert is not None:
                hit_id, hit = hit_of(read, alert)
                await hits_topic.send(key=hit_id, value=hit)

    print("ready: Faust agent", file=sys.stderr, flush=True)
    faust.Worker(app, loglevel="WARN", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    with TemporaryDirectory(prefix="anpr-bench-") as name:
        run(*sys.argv[1:5], int(sys.argv[5]), Path(name))
