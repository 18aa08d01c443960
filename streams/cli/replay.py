"""`anpr replay`: files in, hits out."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

import click

from streams.cli.common.hit_output import HitOutput, open_output, wide_option
from streams.cli.common.options import INPUT_FILE, config_option, options_object, read_models, read_settings
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.text import counted, wrap
from streams.cli.common.times import TIME
from streams.cli.common.vehicle_summary import VehicleSummary
from streams.files.jsonl import InputFileError
from streams.files.loading import LoadedLists, load_index, load_verdicts
from streams.pipeline import Pipeline
from streams.records.times import Millis
from streams.records.verdict import Verdict
from streams.replay import replay as replay_steps
from streams.runtime.errors import OperatorError
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings

_MAX_REPORTED_REFUSALS: Final = 10


class _ReplayOptions(NamedTuple):
    """The options of the command."""

    config: Path | None
    alerts: tuple[str, ...]
    reads: str
    verdicts: str | None
    out: str | None
    rejected: str | None
    now_ms: Millis | None
    as_json: bool | None
    wide: bool


class _ReplayInputs(NamedTuple):
    """What a replay has loaded before the first read."""

    lists: LoadedLists
    verdicts: list[Verdict]


@click.command(short_help="Match reads against alerts, all in files.")
@config_option
@click.option(
    "--alerts",
    required=True,
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts and withdrawals, JSON lines (.gz); may be repeated.",
)
@click.option(
    "--reads",
    required=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Reads, JSON lines (.gz); - is standard input.",
)
@click.option("--verdicts", metavar="FILE", type=INPUT_FILE, help="Verdicts, JSON lines (.gz).")
@click.option("--out", metavar="FILE", help="File for the hits, JSON lines; - is standard output.")
@click.option("--rejected", metavar="FILE", help="File for rejected lines, each with its faults.")
@click.option(
    "--now",
    "now_ms",
    type=TIME,
    help="Reference time; by default the latest plausible captured_at so far.",
)
@click.option("--json/--table", "as_json", default=None, help="Form of the hits: JSON lines or text.")
@wide_option
@options_object(_ReplayOptions)
def replay(options: _ReplayOptions) -> None:
    """Match a file of reads against files of alerts and print the hits.

    Hits go to --out as JSON lines; without it to standard output, as text if that is a terminal: a block for
    each revision of a hit, the action first. The run ends with the number of listed vehicles by action. A
    line that is not a valid read, alert or verdict is reported and left out, and so is a read whose time is
    implausible.

    Exit codes: 0 done, 1 a file is damaged or the settings have faults, 2 wrong use.
    """
    began = perf_counter()
    settings = read_settings(options.config)
    damage: InputFileError | None = None
    with ExitStack() as stack:
        rejected_file = stack.enter_context(open_output(options.rejected)) if options.rejected else None
        rejects = RejectedLines(rejected_file, hint="--rejected FILE writes all")
        output = HitOutput(stack, options.out, options.as_json, options.wide)
        inputs = _load_inputs(options, settings, rejects)
        pipeline = _build_pipeline(inputs, settings, options.now_ms)
        tune_gc(GcProfile.BATCHES)
        counts: Counter[str] = Counter()
        vehicles = VehicleSummary()
        try:
            with file_progress("reads", (options.reads,)) as progress:
                for step in replay_steps(pipeline, options.reads, options.now_ms, progress):
                    rejects.add(step.rejected)
                    output.write(step.hits)
                    counts.update(reads=step.read_count, matches=step.match_count)
                    vehicles.add(step.hits)
        except InputFileError as error:
            damage = error
        output.finish()
    rejects.report_remaining()
    _report_notes(pipeline, inputs.verdicts)
    say(
        f"{counts['reads']:,} reads against {counted(inputs.lists.alert_count, 'alert')}: "
        f"{counts['matches']:,} matches; {rejects.count:,} lines rejected; {perf_counter() - began:.1f} s"
    )
    say("\n".join(wrap(vehicles.describe(), "  ")))
    if damage is not None:
        raise OperatorError(f"{damage}; only the lines before that were replayed")


def _load_inputs(options: _ReplayOptions, settings: Settings, rejects: RejectedLines) -> _ReplayInputs:
    """Load the alert lists and the verdicts; report rejected lines.

    Raises OperatorError if a file cannot be read.
    """
    try:
        with file_progress("lists", options.alerts) as progress:
            lists = load_index(options.alerts, progress, settings.matching_rules.fuzzy_lists)
        rejects.add(lists.rejected)
        if options.verdicts is None:
            return _ReplayInputs(lists, [])
        verdicts, rejected = load_verdicts(options.verdicts)
        rejects.add(rejected)
    except InputFileError as error:
        raise OperatorError(f"{error}; nothing was replayed") from error
    return _ReplayInputs(lists, verdicts)


def _build_pipeline(inputs: _ReplayInputs, settings: Settings, now_ms: Millis | None) -> Pipeline:
    pipeline = Pipeline(settings.pipeline(read_models(settings)), inputs.lists.alert_index)
    for verdict in inputs.verdicts:
        pipeline.schedule_verdict(verdict, now_ms)
    return pipeline


def _report_notes(pipeline: Pipeline, verdicts: list[Verdict]) -> None:
    """Print what the hits do not show: verdicts without a hit, and passages suppressed by a budget."""
    refusals = pipeline.pop_refusals()
    for refusal in refusals[:_MAX_REPORTED_REFUSALS]:
        say("\n".join(wrap(str(refusal), "  ")))
    if refusals:
        say(f"{counted(len(refusals), 'verdict')} refused")
    unknown = sum(not pipeline.has_hit(verdict.hit_id) for verdict in verdicts)
    unknown -= sum(not pipeline.has_hit(refusal.verdict.hit_id) for refusal in refusals)
    if unknown:
        say(f"{counted(unknown, 'verdict')} left out: these reads have no such hit")
    for (list_id, day), count in pipeline.suppressed().items():
        say(f"list {list_id}: {counted(count, 'passage')} suppressed by its budget on {day} (UTC)")
