"""The required topics, and what must change so that they exist. Pure; `streams.kafka.admin` does it."""

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
            min_length=1,
            max_length=64,
            pattern=r"^[A-Za-z0-9._-]+$",
            extra={"pattern_text": "made of A-Z, a-z, 0-9, dots, underscores and hyphens"},
            description="first part of the names of all topics",
        ),
    ] = "anpr"
    replication: Annotated[
        int, Meta(ge=-1, le=15, description="replicas of each partition; -1 for the broker's default")
    ] = -1
    partitions: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="partitions of each topic; the number of workers that can share the work",
        ),
    ] = 8
    reads_hours: Annotated[
        dict[Country, Annotated[float, Meta(gt=0, le=8784)]],
        Meta(
            description="for each country whose cameras send reads, the hours its reads are retained, as its "
            "law says; each country has its own topic"
        ),
    ] = {}
    matches_hours: Annotated[
        float,
        Meta(gt=0, le=8784, description="hours that matches are retained; the state is restored from them"),
    ] = 72.0
    hits_hours: Annotated[float, Meta(gt=0, le=8784, description="hours that hits are retained")] = 720.0
    verdicts_hours: Annotated[float, Meta(gt=0, le=8784, description="hours that verdicts are retained")] = (
        720.0
    )
    rejected_hours: Annotated[
        float, Meta(gt=0, le=8784, description="hours that rejected records are retained")
    ] = 72.0
    withdrawn_hours: Annotated[
        float,
        Meta(
            gt=0,
            le=8784,
            description="hours that the withdrawal of an alert stays readable; an older snapshot of the "
            "lists is discarded",
        ),
    ] = 96.0

    def reads_topic(self, country: str) -> str:
        """Return the topic of the reads of a country's cameras."""
        return self._topic_name(f"reads.{country}")

    @property
    def max_reads_hours(self) -> float:
        """The longest retention of reads of any country, in hours; 0 without a country."""
        return max(self.reads_hours.values(), default=0.0)

    @property
    def max_hours_of_reads(self) -> float:
        """The longest retention of reads, or of the matches and hits that hold them, in hours."""
        return max(self.max_reads_hours, self.matches_hours, self.hits_hours)

    def names(self) -> "TopicNames":
        """Return the names of all topics; those of reads in the order of their countries."""
        reads = [self.reads_topic(country) for country in sorted(self.reads_hours)]
        return TopicNames(reads, *map(self._topic_name, TopicNames._fields[1:]))

    def _topic_name(self, part: str) -> str:
        return f"{self.prefix}.{part}"


class TopicNames(NamedTuple):
    """The names of all topics."""

    reads: list[str]
    alerts: str
    matches: str
    verdicts: str
    hits: str
    rejected: str
    lookbacks: str


class Topic(NamedTuple):
    """A topic as required, or as it is; `configs` has only the settings used here, by Kafka's names."""

    name: str
    partitions: int
    replication: int
    configs: dict[str, str]


class TopicChange(NamedTuple):
    """One difference; `kind` is `create`, `config`, or `impossible`, which a person must resolve."""

    kind: str
    topic: str
    text: str


def required_topics(config: TopicsConfig) -> list[Topic]:
    """Return the topics of a configuration, in the order in which a read passes through them."""
    names = config.names()

    def retained(name: str, hours: float, **more: str) -> Topic:
        configs = {"cleanup.policy": "delete", _RETENTION_KEY: str(round(hours * HOUR_MS))}
        more = {key.replace("_", "."): value for key, value in more.items()}
        return Topic(name, config.partitions, config.replication, configs | more)

    alerts = {
        "cleanup.policy": "compact",
        "delete.retention.ms": str(round(config.withdrawn_hours * HOUR_MS)),
        # A withdrawal counts from the time of its record, so that is by the clock of the broker.
        _TIMESTAMP_TYPE_KEY: _LOG_APPEND_TIME,
    }
    return [
        *(
            retained(name, config.reads_hours[country])
            for name, country in zip(names.reads, sorted(config.reads_hours), strict=True)
        ),
        Topic(names.alerts, config.partitions, config.replication, alerts),
        retained(names.matches, config.matches_hours),
        retained(names.verdicts, config.verdicts_hours, message_timestamp_type=_LOG_APPEND_TIME),
        retained(names.hits, config.hits_hours),
        # A record that was too large for a read has the headers of a dead letter on top.
        retained(names.rejected, config.rejected_hours, max_message_bytes=str(_MAX_REJECTED_BYTES)),
        # An alert from before the oldest read needs no lookback any more.
        retained(names.lookbacks, config.max_reads_hours + _DAY_HOURS, cleanup_policy="compact,delete"),
    ]


def plan_changes(required: list[Topic], existing: dict[str, Topic]) -> list[TopicChange]:
    """Return the changes that make the existing topics those required; none if they are."""
    return [change for topic in required for change in _topic_changes(topic, existing.get(topic.name))]


def _topic_changes(required: Topic, existing: Topic | None) -> list[TopicChange]:
    if existing is None:
        settings = ", ".join(f"{key}={value}" for key, value in required.configs.items())
        replication = "the broker's" if required.replication < 0 else str(required.replication)
        text = f"create with {required.partitions} partitions, replication {replication}, {settings}"
        return [TopicChange("create", required.name, text)]
    changes = []
    if existing.partitions != required.partitions:
        # Keys choose partitions: with another number, records of a vehicle or alert would go elsewhere.
        changes.append(
            TopicChange(
                "impossible",
                required.name,
                f"has {existing.partitions} partitions, not {required.partitions}: changing the number would "
                f"lose the order of records of one key; set [topics] partitions to {existing.partitions}, or "
                "move to a new prefix",
            )
        )
    if 0 <= required.replication != existing.replication:
        changes.append(
            TopicChange(
                "impossible",
                required.name,
                f"has replication {existing.replication}, not {required.replication}: reassign partitions "
                f"with Kafka's own tools, or set [topics] replication to {existing.replication}",
            )
        )
    for key, value in required.configs.items():
        current = existing.configs.get(key)
        if current != value:
            changes.append(
                TopicChange("config", required.name, f"{key}: from {current or 'the default'} to {value}")
            )
    return changes
