"""`anpr topics`: what Kafka's topics are to be, and making them so."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.common.options import config_option, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.kafka.topics import Topic, TopicChange
from streams.kafka.topics import plan_changes as differences
from streams.kafka.topics import required_topics as topics_of

if TYPE_CHECKING:
    from streams.kafka.admin import Admin


@click.group()
def topics() -> None:
    """Compares Kafka's topics with the settings, and makes or changes them."""


@topics.command()
@config_option
def plan(config: Path | None) -> None:
    """Shows what would be made or changed, and changes nothing.

    Exit codes: 0 nothing differs, 1 something does.
    """
    with _open_admin(config) as (admin, wanted):
        changes = differences(wanted, admin.existing_topics(wanted))
    _print_changes(changes)
    sys.exit(1 if changes else 0)


@topics.command()
@config_option
def apply(config: Path | None) -> None:
    """Shows what differs, then makes the topics that are missing and changes the configs that differ.

    Exit codes: 0 all is as wanted, 1 something is left that must be put right by hand.
    """
    with _open_admin(config) as (admin, wanted):
        changes = differences(wanted, admin.existing_topics(wanted))
        _print_changes(changes)
        admin.apply(changes, wanted)
        left = differences(wanted, admin.existing_topics(wanted))
    if changes:
        say(f"{len(changes) - len(left)} of {len(changes)} done")
    sys.exit(1 if left else 0)


@contextmanager
def _open_admin(config: Path | None) -> Iterator[tuple["Admin", list[Topic]]]:
    """The cluster's topics and those wanted; ends the command where the cluster cannot be reached."""
    require_packages("topics", ("kafka",), "stream")
    from kafka.errors import KafkaError

    from streams.kafka.admin import Admin

    settings = read_settings(config)
    options = resolve_connection(settings).for_kafka_python()
    try:
        with Admin(options) as admin:
            yield admin, topics_of(settings.topics)
    except KafkaError as error:
        say(f"anpr topics: Kafka at {', '.join(settings.kafka.servers)}: {error or type(error).__name__}")
        sys.exit(1)


def _print_changes(changes: list[TopicChange]) -> None:
    if not changes:
        click.echo("all topics are as wanted")
    for change in changes:
        click.echo(f"{change.kind:<10}  {change.topic}  {change.text}")
