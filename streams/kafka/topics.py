"""The topics: what there is to be, and what must change for it. Pure; `streams.kafka.admin` does it."""

from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import HOUR_MS

_DAY_HOURS: Final = 24.0
_RETENTION: Final = "retention.ms"
_STAMPED: Final = "message.timestamp.type"
_BY_BROKER: Final = "LogAppendTime"
_LARGEST_REJECTED: Final = 10 * 1024 * 1024


class TopicsPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[topics]`: the names, partitions and retention of the topics."""

    prefix: Annotated[
        str,
        Meta(
            min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$", description="first part of all names"
        ),
    ] = "anpr"
    replication: Annotated[
        int, Meta(ge=-1, le=15, description="copies of each record; -1 takes the broker's default")
    ] = -1
    partitions: Annotated[
        int, Meta(ge=1, le=1000, description="partitions of the topics of reads, matches and hits")
    ] = 8
    reads_hours: Annotated[
        dict[Country, Annotated[float, Meta(gt=0, le=8784)]],
        Meta(
            description="for each country whose cameras send reads, the hours its reads are kept, as its law "
            "has it; each country has a topic of its own"
        ),
    ] = {}
    matches_hours: Annotated[
        float, Meta(gt=0, le=8784, description="hours that matches are kept, from which state is rebuilt")
    ] = 72.0
    hits_hours: Annotated[float, Meta(gt=0, le=8784, description="hours that hits are kept")] = 720.0
    verdicts_hours: Annotated[float, Meta(gt=0, le=8784, description="hours that verdicts are kept")] = 720.0
    rejected_hours: Annotated[
        float, Meta(gt=0, le=8784, description="hours that rejected records are kept")
    ] = 72.0
    withdrawn_hours: Annotated[
        float,
        Meta(
            gt=0,
            le=8784,
            description="hours that the withdrawal of an alert stays readable; a snapshot older than that is "
            "thrown away",
        ),
    ] = 96.0

    def reads(self, country: str) -> str:
        """The topic of the reads of a country's cameras."""
        return self._named(f"reads.{country}")

    @property
    def longest_reads_hours(self) -> float:
        """The longest that the reads of any country are kept, in hours; 0 without a country."""
        return max(self.reads_hours.values(), default=0.0)

    def names(self) -> "Names":
        """The names of the topics, those of reads by country."""
        reads = [self.reads(country) for country in sorted(self.reads_hours)]
        return Names(reads, *map(self._named, Names._fields[1:]))

    def _named(self, part: str) -> str:
        return f"{self.prefix}.{part}"


class Names(NamedTuple):
    """The topics' names."""

    reads: list[str]
    alerts: str
    matches: str
    verdicts: str
    hits: str
    rejected: str
    lookbacks: str


class Topic(NamedTuple):
    """A topic as it is to be, or as it is: `configs` are those that matter here, by Kafka's names."""

    name: str
    partitions: int
    replication: int
    configs: dict[str, str]


class Change(NamedTuple):
    """One difference: `create`, `partitions`, `config`, or `impossible`, which must be put right by hand."""

    kind: str
    topic: str
    words: str


def topics(policy: TopicsPolicy) -> list[Topic]:
    """The topics of a policy, in the order of the way of a read."""

    names = policy.names()

    def kept(name: str, hours: float, **more: str) -> Topic:
        configs = {"cleanup.policy": "delete", _RETENTION: str(round(hours * HOUR_MS))}
        more = {key.replace("_", "."): value for key, value in more.items()}
        return Topic(name, policy.partitions, policy.replication, configs | more)

    alerts = {
        "cleanup.policy": "compact",
        "delete.retention.ms": str(round(policy.withdrawn_hours * HOUR_MS)),
        # A withdrawal is in force from its record's time, so that is the broker's and no writer's clock.
        _STAMPED: _BY_BROKER,
    }
    return [
        *(
            kept(name, policy.reads_hours[country])
            for name, country in zip(names.reads, sorted(policy.reads_hours), strict=True)
        ),
        Topic(names.alerts, policy.partitions, policy.replication, alerts),
        kept(names.matches, policy.matches_hours),
        kept(names.verdicts, policy.verdicts_hours, message_timestamp_type=_BY_BROKER),
        kept(names.hits, policy.hits_hours),
        # What was too large to be a read has its headers on top here.
        kept(names.rejected, policy.rejected_hours, max_message_bytes=str(_LARGEST_REJECTED)),
        # Of an alert that came before the oldest read there is nothing to look back for any more.
        kept(names.lookbacks, policy.longest_reads_hours + _DAY_HOURS, cleanup_policy="compact,delete"),
    ]


def plan(wanted: list[Topic], there: dict[str, Topic]) -> list[Change]:
    """What must change so that the topics there are those wanted; nothing if they are."""
    return [change for topic in wanted for change in _changes(topic, there.get(topic.name))]


def _changes(wanted: Topic, there: Topic | None) -> list[Change]:
    if there is None:
        settings = ", ".join(f"{key}={value}" for key, value in wanted.configs.items())
        copies = "the broker's number of" if wanted.replication < 0 else str(wanted.replication)
        words = f"create it: {wanted.partitions} partitions, {copies} copies, {settings}"
        return [Change("create", wanted.name, words)]
    changes = []
    if there.partitions != wanted.partitions:
        # Records are spread by key: with other partitions those of a vehicle or an alert would go elsewhere.
        changes.append(
            Change(
                "impossible",
                wanted.name,
                f"has {there.partitions} partitions, not {wanted.partitions}: the number cannot be changed "
                "without losing the order of records with one key; set [topics] partitions to what there is, "
                "or move to a new prefix",
            )
        )
    if 0 <= wanted.replication != there.replication:
        changes.append(
            Change(
                "impossible",
                wanted.name,
                f"has {there.replication} copies, not {wanted.replication}: reassign its partitions with "
                "Kafka's own tools, or set [topics] replication to what there is",
            )
        )
    for key, value in wanted.configs.items():
        before = there.configs.get(key)
        if before != value:
            changes.append(Change("config", wanted.name, f"{key}: {before or 'the default'} becomes {value}"))
    return changes
