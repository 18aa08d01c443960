"""The sides that are measured: what is run, on which topics."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.support.kafka import KafkaEnvironment, ProductTopics
from tests.support.processes import Process, WorkerProcess

WITHIN_S = 300.0


class Peer(NamedTuple):
    """A peer: its module here, and its topics."""

    module: str
    reads: str
    hits: str

    def start(self, stage: KafkaEnvironment, group: str, alerts: int) -> Process:
        """Starts it in a process of its own; it makes its alerts before it is ready."""
        stage.delete_records([self.hits])
        command = [sys.executable, "-m", f"tests.bench.kafka.{self.module}", stage.servers]
        command += [self.reads, self.hits, group, str(alerts)]
        return Process(command, stage.folder / f"{group}.log")


def start_worker(
    stage: KafkaEnvironment, ours: ProductTopics, group: str, number: int = 1, more: str = ""
) -> WorkerProcess:
    """Starts one worker of a group; it reads its lists before it is ready. `more` are further settings."""
    config = ours.write_worker_config(group, f"{ours.prefix}-state-{number}", more)
    return WorkerProcess(config, stage.folder / f"{group}-{number}.log")


@contextmanager
def ending(*processes: Process) -> Iterator[None]:
    """Ends processes in order, whatever happens; shows what they said if it was an error."""
    try:
        yield
    except BaseException:
        for process in processes:
            print(f"--- {process.log.name}\n{process.output()[-3000:]}", file=sys.stderr)
        raise
    finally:
        for process in processes:
            process.close()
