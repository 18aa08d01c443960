"""`anpr topics`: Kafka's topics compared with the settings, and changed to match them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.common.options import config_option, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.terminal import print_lines
from streams.kafka.topics import Topic, TopicChange, plan_changes, required_topics
from streams.runtime.errors import OperatorError

if TYPE_CHECKING:
    from streams.kafka.admin import Admin


@click.group(cls=CommandGroup, short_help="Compare Kafka's topics with the settings; change them.")
def topics() -> None:
    """Compare Kafka's topics with the settings, and create or change them."""


@topics.command(short_help="Print what `apply` would create or change.")
@config_option
def plan(config: Path | None) -> None:
    """Print what `apply` would create or change; change nothing.

    Exit codes: 0 no difference, 1 a difference, or Kafka cannot be reached.
    """
    with _open_admin(config) as (admin, required):
        changes = plan_changes(required, admin.existing_topics(required))
    _print_changes(changes)
    sys.exit(1 if changes else 0)


@topics.command(short_help="Create missing topics and change configs that differ.")
@config_option
def apply(config: Path | None) -> None:
    """Create the topics that are missing and change the configs that differ.

    The differences are printed first.

    Exit codes: 0 all topics are as required, 1 a difference must be removed by hand, or Kafka cannot be
    reached.
    """
    with _open_admin(config) as (admin, required):
        changes = plan_changes(required, admin.existing_topics(required))
        _print_changes(changes)
        admin.apply(changes, required)
        remaining = plan_changes(required, admin.existing_topics(required))
    if changes:
        say(f"{len(changes) - len(remaining)} of {len(changes)} done")
    sys.exit(1 if remaining else 0)


@contextmanager
def _open_admin(config: Path | None) -> Iterator[tuple["Admin", list[Topic]]]:
    """Yield the cluster's topics and those required. Raises OperatorError if Kafka cannot be reached."""
    require_packages(("kafka",), "stream")
    from kafka.errors import KafkaError

    from streams.kafka.admin import Admin

    settings = read_settings(config)
    options = resolve_connection(settings).for_kafka_python()
    try:
        with Admin(options) as admin:
            yield admin, required_topics(settings.topics)
    except KafkaError as error:
        servers = ", ".join(settings.kafka.servers)
        raise OperatorError(f"Kafka at {servers}: {error or type(error).__name__}") from error


def _print_changes(changes: list[TopicChange]) -> None:
    if not changes:
        click.echo("all topics are as required")
    for change in changes:
        print_lines(f"{change.kind:<10}  {change.topic}  {change.text}")
