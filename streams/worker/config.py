"""The settings of the workers."""

from typing import Annotated

from msgspec import Meta, Struct


class WorkerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[worker]`: how workers share the work, when they give up, where they store their snapshot."""

    group: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]+\Z",
            max_length=200,
            description="consumer group; the workers of one group share the partitions",
        ),
    ] = "anpr"
    state_dir: Annotated[
        str,
        Meta(
            min_length=1,
            description="folder for the snapshot of the alert lists; the disk needs twice its size; `~` is "
            "the user's home",
        ),
    ] = "~/.local/state/anpr-streams"
    in_flight: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="most records of a partition in progress at a time; with as many, no more are taken "
            "until some are acknowledged",
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
        float, Meta(ge=1, le=3600, description="seconds for which a worker tries to reach Kafka at its start")
    ] = 60.0
    drain_within_s: Annotated[
        float,
        Meta(
            ge=1,
            le=300,
            description="seconds for which a worker finishes its work in progress when it is stopped; the "
            "rest is processed again",
        ),
    ] = 10.0
    stalled_after_s: Annotated[
        float,
        Meta(
            ge=5,
            le=3600,
            description="seconds after which a worker ends, with exit code 3, if records wait and nothing "
            "moves",
        ),
    ] = 60.0
    rejected_share: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="share of rejected records above which a worker ends; 1: no limit",
        ),
    ] = 0.5
    rejected_over: Annotated[
        int,
        Meta(ge=1, description="number of latest records of a topic over which `rejected_share` is computed"),
    ] = 1000
