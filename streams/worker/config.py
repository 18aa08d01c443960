"""Settings of the worker."""

from typing import Annotated

from msgspec import Meta, Struct


class WorkerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[worker]`: consumer group, state directory, limits and timeouts of a worker."""

    group: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]+\Z",
            max_length=200,
            extra={"pattern_text": "made of A-Z, a-z, 0-9, dots, underscores and hyphens"},
            description="consumer group. The workers of one group share the partitions; each group emits all "
            "hits",
        ),
    ] = "anpr"
    state_dir: Annotated[
        str,
        Meta(
            min_length=1,
            description="directory for the snapshot of the alert lists, on a disk with free space of twice "
            "its size; `~` is the home directory of the user",
        ),
    ] = "~/.local/state/anpr-streams"
    in_flight: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="maximum number of records of a partition in progress. At that number, no more are "
            "consumed until some are acknowledged. Lower it to use less memory",
        ),
    ] = 20_000
    session_timeout_s: Annotated[
        float,
        Meta(
            ge=6,
            le=300,
            description="seconds after which the partitions of a killed worker go to the others",
        ),
    ] = 8.0
    connect_within_s: Annotated[
        float, Meta(ge=1, le=3600, description="seconds for which a starting worker tries to reach Kafka")
    ] = 60.0
    drain_within_s: Annotated[
        float,
        Meta(
            ge=1,
            le=300,
            description="seconds for which a stopping worker finishes the records in progress; the rest is "
            "processed again after the next start",
        ),
    ] = 10.0
    stalled_after_s: Annotated[
        float,
        Meta(
            ge=5,
            le=3600,
            description="seconds without progress while records wait, after which a worker exits with code 3",
        ),
    ] = 60.0
    rejected_share: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="share of rejected records, 0 to 1, above which a worker exits; 1 for no limit",
        ),
    ] = 0.5
    rejected_over: Annotated[
        int,
        Meta(ge=1, description="number of latest records of a topic over which `rejected_share` is computed"),
    ] = 1000
