"""`python -m tests.bench.kafka [PART ...] [--quick]`: the figures on a real Kafka, as tables.

The parts: throughput, scaling, latency, fairness, lists, failover, gateway, lookback, rebuild; without one,
all of them, each on a Kafka of its own. `--quick` takes a tenth of the alerts and a fraction of the reads.
"""

import os
import sys
from collections.abc import Callable
from typing import Final

from tests.bench.kafka import (
    failover,
    fairness,
    gateway,
    latency,
    lists,
    lookback,
    rebuild,
    scaling,
    throughput,
)
from tests.bench.table import machine
from tests.support.kafka import KafkaEnvironment, kafka_environment

PARTS: Final[dict[str, Callable[[KafkaEnvironment, bool], None]]] = {
    "throughput": throughput.run,
    "scaling": scaling.run,
    "latency": latency.run,
    "fairness": fairness.run,
    "lists": lists.run,
    "failover": failover.run,
    "gateway": gateway.run,
    "lookback": lookback.run,
    "rebuild": rebuild.run,
}


def main() -> None:
    """Runs the parts named, one after the other."""
    words = sys.argv[1:]
    wrong = [word for word in words if word not in PARTS and word != "--quick"]
    if wrong:
        sys.exit(f"no part {', '.join(wrong)}; there are {', '.join(PARTS)}, and --quick")
    print(
        f"Measured on {machine()}, the broker on it too; other work on the machine changes the figures, "
        "ratios less."
    )
    for name in [word for word in words if word in PARTS] or list(PARTS):
        print(f"\n{name}: load of the machine before it {os.getloadavg()[0]:.1f}")
        with kafka_environment() as made:
            PARTS[name](made, "--quick" in words)


if __name__ == "__main__":
    main()
