"""`anpr lists load`: the alert lists on Kafka, made equal to those in files."""

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click
import orjson

from streams.alerts import Snapshot
from streams.cli.common.options import config_option, options_object, read_settings, resolve_connection
from streams.cli.common.progress import progress_bar, say
from streams.cli.common.requirements import require_packages
from streams.cli.common.tables import print_table
from streams.cli.common.text import counted
from streams.cli.lists.loading import files_argument, read_lists
from streams.files.loading import LoadedLists
from streams.runtime.clock import now_ms
from streams.runtime.errors import OperatorError

if TYPE_CHECKING:
    from streams.kafka.alert_topic.sync_plan import ListChanges, SyncPlan
    from streams.kafka.client import Connection

_COUNT_FIELDS: Final = ("added", "changed", "withdrawn", "unchanged")
_MAX_SHOWN: Final = 20


class _LoadOptions(NamedTuple):
    """The arguments and options of the command."""

    files: tuple[str, ...]
    config: Path | None
    lists: tuple[str, ...]
    max_absent_share: float
    skip_faulty: bool
    dry_run: bool
    as_json: bool


@click.command()
@files_argument
@config_option
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="ID",
    help="List of which the files contain all alerts, even if that is none; may be repeated.",
)
@click.option(
    "--gone-up-to",
    "max_absent_share",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    metavar="SHARE",
    help="Maximum share of a list's alerts on the topic that may be withdrawn because the files do not have "
    "them. More is refused, so that a truncated file does not end a list.",
)
@click.option(
    "--skip-faulty",
    is_flag=True,
    help="Valid lines only, instead of none if a line is faulty. Nothing is then withdrawn for being absent: "
    "a faulty line may be that alert.",
)
@click.option("--dry-run", is_flag=True, help="Report of what would be written; nothing is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@options_object(_LoadOptions)
def load(options: _LoadOptions) -> None:
    """Make the alert lists on Kafka equal to those in files.

    For each list that occurs in the files, they must contain all of its alerts. Alerts that are new or
    changed are written; those on the topic that the files withdraw, or do not have, are withdrawn from the
    time of loading. Unchanged alerts are not written, and other lists are left alone.

    Lines that are not valid alerts or withdrawals are reported, and then nothing is loaded, unless
    --skip-faulty. Versions must rise: an alert changed under the same or a lower version is refused.

    Exit codes: 0 done, and acknowledged by the brokers; 1 refused, or Kafka failed; 2 a file cannot be read.
    """
    require_packages(("aiokafka", "kafka"), "stream")
    from streams.kafka.alert_topic.sync_plan import find_refusals, plan_sync

    settings = read_settings(options.config)
    connection = resolve_connection(settings)
    topic = settings.topics.names().alerts
    with tempfile.TemporaryDirectory(prefix="anpr-lists-") as folder:
        loaded = _load_files(tuple(dict.fromkeys(options.files)), options.skip_faulty)
        snapshot = loaded.snapshot
        complete_lists = {*options.lists, *(withdrawal.list_id for withdrawal in snapshot.withdrawals())}
        current = asyncio.run(_read_topic(connection, topic, Path(folder)))
        has_faults = bool(loaded.rejected)
        changes = plan_sync(
            loaded.alert_index, snapshot, current, complete_lists, now_ms(), keep_absent=has_faults
        )
        _check_refusals(changes.faults + find_refusals(changes.lists, options.max_absent_share))
        if not options.dry_run and len(changes.records):
            asyncio.run(_publish(connection, topic, changes))
    _print_report(changes, topic, options.dry_run, options.as_json)


def _load_files(files: tuple[str, ...], skip_faulty: bool) -> LoadedLists:
    """Load the lists in the files. Raises OperatorError for faulty lines, unless they are skipped."""
    loaded = read_lists(files)
    faulty = counted(len(loaded.rejected), "line")
    if loaded.rejected and not skip_faulty:
        raise OperatorError(
            f"nothing is loaded, because {faulty} of the files were rejected; correct them, or load the "
            "others with --skip-faulty"
        )
    if loaded.rejected:
        say(f"{faulty} left out; no alert is withdrawn for being absent from the files")
    return loaded


def _check_refusals(reasons: list[str]) -> None:
    """Print the reasons not to load, and raise OperatorError if there are any."""
    if not reasons:
        return
    say("\n".join(reasons[:_MAX_SHOWN]))
    if len(reasons) > _MAX_SHOWN:
        say(f"… and {len(reasons) - _MAX_SHOWN:,} more")
    raise OperatorError("nothing is loaded, for the reasons above")


async def _read_topic(connection: "Connection", topic: str, folder: Path) -> Snapshot:
    from streams.kafka.alert_topic.current import read_current_lists

    with progress_bar("topic") as bar:
        return await read_current_lists(connection, topic, folder, bar.update)


async def _publish(connection: "Connection", topic: str, changes: "SyncPlan") -> None:
    from streams.kafka.alert_topic.bulk_producer import publish_records

    with progress_bar("loading", len(changes.records)) as bar:
        await publish_records(connection, topic, changes.records, bar.update)


def _print_report(changes: "SyncPlan", topic: str, dry_run: bool, as_json: bool) -> None:
    if changes.future_withdrawals:
        say(
            f"{counted(changes.future_withdrawals, 'alert')} with a withdrawal in the future: effective "
            "until you load the files again after its time"
        )
    total = {field: sum(getattr(count, field) for count in changes.lists.values()) for field in _COUNT_FIELDS}
    if as_json:
        report = {
            "topic": topic,
            "dry_run": dry_run,
            "lists": [
                {"list_id": list_id} | _count_fields(count) for list_id, count in changes.lists.items()
            ],
            "total": total,
            "withdrawn_ahead": changes.future_withdrawals,
        }
        click.echo(orjson.dumps(report))
        return
    rows = [
        (list_id, *(f"{number:,}" for number in _count_fields(count).values()))
        for list_id, count in changes.lists.items()
    ]
    if len(rows) != 1:
        rows.append(("all lists", *(f"{number:,}" for number in total.values())))
    print_table(("list", *_COUNT_FIELDS), rows)
    records = counted(len(changes.records), "record")
    click.echo(
        f"dry run: {records} would be written to {topic}"
        if dry_run
        else f"{records} written to {topic} and acknowledged"
    )


def _count_fields(count: "ListChanges") -> dict[str, int]:
    return {field: getattr(count, field) for field in _COUNT_FIELDS}
