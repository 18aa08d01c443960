"""`anpr lists load`: the alert lists on Kafka made as files have them."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from streams.alerts import Snapshot
from streams.cli.common.options import config_option, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import counted
from streams.cli.lists.loading import empty_table, files_argument, read_lists, resolve_now
from streams.files.loading import LoadedLists

if TYPE_CHECKING:
    from streams.kafka.alert_topic.sync_plan import ListChanges, SyncPlan
    from streams.kafka.client import Connection

_COUNT_FIELDS: Final = ("added", "changed", "withdrawn", "unchanged")
_MAX_SHOWN: Final = 20


@click.command()
@files_argument
@config_option
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="ID",
    help="A list that the files have whole although none of its alerts may be in them; may be repeated.",
)
@click.option(
    "--gone-up-to",
    "share",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    metavar="SHARE",
    help="Greatest share, 0 to 1, of a list's alerts on the topic that may be missing from the files and be "
    "withdrawn for that. More is refused: a file cut short must not end a list.",
)
@click.option(
    "--skip-faulty",
    is_flag=True,
    help="Load the good lines although others are faulty. Then nothing is withdrawn because it is missing: "
    "a faulty line may have been its own.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def load(
    files: tuple[str, ...],
    config: Path | None,
    lists: tuple[str, ...],
    share: float,
    skip_faulty: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make the alert lists on Kafka as the files have them.

    The files have each list they name whole. Alerts that are new or changed are written; those on the topic
    that are withdrawn in the files, or not in them, are withdrawn, from the time of loading on. What is the
    same is not written, and other lists are left alone.

    Lines that are no alert or withdrawal are reported, and then nothing is loaded, unless --skip-faulty.
    Versions rise: an alert that changed under the same or a lower version is refused.

    Exit codes: 0 done, and confirmed by the brokers; 1 refused, or Kafka failed; 2 a file that cannot be
    read.
    """
    require_packages("lists load", ("aiokafka", "kafka"), "stream")
    from streams.kafka.alert_topic import AlertTopicError
    from streams.kafka.alert_topic.sync_plan import find_refusals, plan_sync

    settings = read_settings(config)
    connection = resolve_connection(settings)
    topic = settings.topics.names().alerts
    with tempfile.TemporaryDirectory(prefix="anpr-lists-") as folder:
        loaded = _load_files(tuple(dict.fromkeys(files)), skip_faulty)
        snapshot = loaded.snapshot
        concerned = {*lists, *(each.list_id for each in snapshot.withdrawals())}
        try:
            there = asyncio.run(_read_topic(connection, topic, Path(folder)))
            skipped = bool(loaded.rejected)
            work = plan_sync(
                loaded.alert_index, snapshot, there, concerned, resolve_now(None), keep_absent=skipped
            )
            _exit_if_refused(work.faults + find_refusals(work.lists, share))
            if not dry_run and len(work.records):
                asyncio.run(_publish(connection, topic, work))
        except AlertTopicError as error:
            say(f"anpr lists load: {error}")
            sys.exit(1)
    _print_report(work, topic, dry_run, as_json)


def _load_files(files: tuple[str, ...], skip_faulty: bool) -> LoadedLists:
    """The lists in the files; ends the command where it must not go on."""
    loaded = read_lists("load", files)
    faulty = counted(len(loaded.rejected), "line")
    if loaded.rejected and not skip_faulty:
        say(
            f"anpr lists load: nothing is loaded, for {faulty} cannot be taken: put that right, or load the "
            "others with --skip-faulty"
        )
        sys.exit(1)
    if loaded.rejected:
        say(f"{faulty} left out; so nothing is withdrawn because it is missing from the files")
    return loaded


def _exit_if_refused(reasons: list[str]) -> None:
    """Ends the command if there are reasons not to do it."""
    if not reasons:
        return
    say("\n".join(reasons[:_MAX_SHOWN]))
    if len(reasons) > _MAX_SHOWN:
        say(f"… and {len(reasons) - _MAX_SHOWN:,} more")
    say("anpr lists load: nothing is loaded, for the reasons above")
    sys.exit(1)


async def _read_topic(connection: "Connection", topic: str, folder: Path) -> Snapshot:
    from streams.kafka.alert_topic.current import read_current_lists

    with _record_progress("topic") as bar:
        return await read_current_lists(connection, topic, folder, bar)


async def _publish(connection: "Connection", topic: str, changes: "SyncPlan") -> None:
    from streams.kafka.alert_topic.bulk_producer import publish_records

    total = len(changes.records)
    with _record_progress("loading") as bar:
        await publish_records(connection, topic, changes.records, lambda confirmed: bar(confirmed, total))


@contextmanager
def _record_progress(description: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar over records, if stderr is a terminal; call it with how many are done, of how many."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    columns = (TextColumn(description), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_report(changes: "SyncPlan", topic: str, dry_run: bool, as_json: bool) -> None:
    if changes.future_withdrawals:
        say(
            f"{counted(changes.future_withdrawals, 'alert')} with a withdrawal in the files that lies "
            "ahead: in force until "
            "you load the files again after its time"
        )
    total = {field: sum(getattr(count, field) for count in changes.lists.values()) for field in _COUNT_FIELDS}
    if as_json:
        shown = {
            "topic": topic,
            "dry_run": dry_run,
            "lists": [
                {"list_id": list_id} | _count_fields(count) for list_id, count in changes.lists.items()
            ],
            "total": total,
            "withdrawn_ahead": changes.future_withdrawals,
        }
        click.echo(orjson.dumps(shown))
        return
    table = empty_table("list")
    for field in _COUNT_FIELDS:
        table.add_column(field, justify="right", no_wrap=True)
    for list_id, count in changes.lists.items():
        table.add_row(Text(list_id), *(f"{number:,}" for number in _count_fields(count).values()))
    if len(changes.lists) != 1:
        table.add_row("all lists", *(f"{number:,}" for number in total.values()), style="bold")
    Console().print(table)
    records = counted(len(changes.records), "record")
    click.echo(
        f"dry run: {records} would be written to {topic}"
        if dry_run
        else f"{records} written to {topic} and confirmed"
    )


def _count_fields(count: "ListChanges") -> dict[str, int]:
    return {field: getattr(count, field) for field in _COUNT_FIELDS}
