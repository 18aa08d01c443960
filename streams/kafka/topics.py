"""The topics: what there is to be, and what must change for it. Pure; `streams.kafka.admin` does it."""

from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import HOUR_MS

_DAY_HOURS: Final = 24.0
_RETENTION_KEY: Final = "retention.ms"
_TIMESTAMP_TYPE_KEY: Final = "message.timestamp.type"
_LOG_APPEND_TIME: Final = "LogAppendTime"
_MAX_REJECTED_BYTES: Final = 10 * 1024 * 1024


class TopicsConfig(Struct, frozen=True, forbid_unknown_fields=True):
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

    def reads_topic(self, country: str) -> str:
        """The topic of the reads of a country's cameras."""
        return self._topic_name(f"reads.{country}")

    @property
    def max_reads_hours(self) -> float:
        """The longest that the reads of any country are kept, in hours; 0 without a country."""
        return max(self.reads_hours.values(), default=0.0)

    def names(self) -> "TopicNames":
        """The names of the topics, those of reads by country."""
        reads = [self.reads_topic(country) for country in sorted(self.reads_hours)]
        return TopicNames(reads, *map(self._topic_name, TopicNames._fields[1:]))

    def _topic_name(self, part: str) -> str:
        return f"{self.prefix}.{part}"


class TopicNames(NamedTuple):
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


class TopicChange(NamedTuple):
    """One difference: `create`, `partitions`, `config`, or `impossible`, which must be put right by hand."""

    kind: str
    topic: str
    text: str


def required_topics(config: TopicsConfig) -> list[Topic]:
    """The topics of a policy, in the order of the way of a read."""

    names = config.names()

    def kept(name: str, hours: float, **more: str) -> Topic:
        configs = {"cleanup.policy": "delete", _RETENTION_KEY: str(round(hours * HOUR_MS))}
        more = {key.replace("_", "."): value for key, value in more.items()}
        return Topic(name, config.partitions, config.replication, configs | more)

    alerts = {
        "cleanup.policy": "compact",
        "delete.retention.ms": str(round(config.withdrawn_hours * HOUR_MS)),
        # A withdrawal is in force from its record's time, so that is the broker's and no writer's clock.
        _TIMESTAMP_TYPE_KEY: _LOG_APPEND_TIME,
    }
    return [
        *(
            kept(name, config.reads_hours[country])
            for name, country in zip(names.reads, sorted(config.reads_hours), strict=True)
        ),
        Topic(names.alerts, config.partitions, config.replication, alerts),
        kept(names.matches, config.matches_hours),
        kept(names.verdicts, config.verdicts_hours, message_timestamp_type=_LOG_APPEND_TIME),
        kept(names.hits, config.hits_hours),
        # What was too large to be a read has its headers on top here.
        kept(names.rejected, config.rejected_hours, max_message_bytes=str(_MAX_REJECTED_BYTES)),
        # Of an alert that came before the oldest read there is nothing to look back for any more.
        kept(names.lookbacks, config.max_reads_hours + _DAY_HOURS, cleanup_policy="compact,delete"),
    ]


def plan_changes(required: list[Topic], existing: dict[str, Topic]) -> list[TopicChange]:
    """What must change so that the topics there are those wanted; nothing if they are."""
    return [change for topic in required for change in _topic_changes(topic, existing.get(topic.name))]


def _topic_changes(required: Topic, existing: Topic | None) -> list[TopicChange]:
    if existing is None:
        settings = ", ".join(f"{key}={value}" for key, value in required.configs.items())
        copies = "the broker's number of" if required.replication < 0 else str(required.replication)
        words = f"create it: {required.partitions} partitions, {copies} copies, {settings}"
        return [TopicChange("create", required.name, words)]
    changes = []
    if existing.partitions != required.partitions:
        # Records are spread by key: with other partitions those of a vehicle or an alert would go elsewhere.
        changes.append(
            TopicChange(
                "impossible",
                required.name,
                f"has {existing.partitions} partitions, not {required.partitions}: the number cannot "
                "be changed "
                "without losing the order of records with one key; set [topics] partitions to what there is, "
                "or move to a new prefix",
            )
        )
    if 0 <= required.replication != existing.replication:
        changes.append(
            TopicChange(
                "impossible",
                required.name,
                f"has {existing.replication} copies, not {required.replication}: reassign its "
                "partitions with "
                "Kafka's own tools, or set [topics] replication to what there is",
            )
        )
    for key, value in required.configs.items():
        before = existing.configs.get(key)
        if before != value:
            changes.append(
                TopicChange("config", required.name, f"{key}: {before or 'the default'} becomes {value}")
            )
    return changes
