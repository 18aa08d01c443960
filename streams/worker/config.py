"""What an operator sets about the workers."""

from typing import Annotated

from msgspec import Meta, Struct


class WorkerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[worker]`: how workers share the work, when they give up, where they keep the lists' snapshot."""

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
            description="folder for the snapshot of the alert lists, on a disk with twice its size free; `~` "
            "is the user's home",
        ),
    ] = "~/.local/state/anpr-streams"
    in_flight: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="records of a partition that are worked on at a time; with as many no more are taken "
            "until some are done",
        ),
    ] = 20_000
    session_timeout_s: Annotated[
        float,
        Meta(
            ge=6,
            le=300,
            description="seconds after which the partitions of a worker that was killed go to the others",
        ),
    ] = 8.0
    connect_within_s: Annotated[
        float, Meta(ge=1, le=3600, description="seconds for which a starting worker tries to reach Kafka")
    ] = 60.0
    drain_within_s: Annotated[
        float, Meta(ge=1, le=300, description="seconds in which a worker that is told to end ends its work")
    ] = 10.0
    stalled_after_s: Annotated[
        float,
        Meta(
            ge=5,
            le=3600,
            description="seconds after which a worker ends if records wait and nothing moves",
        ),
    ] = 60.0
    rejected_share: Annotated[
        float,
        Meta(ge=0, le=1, description="share of rejected records above which a worker ends"),
    ] = 0.5
    rejected_over: Annotated[
        int, Meta(ge=1, description="number of latest records over which that share is taken")
    ] = 1000
