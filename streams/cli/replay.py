"""`anpr replay`: files in, hits out."""

import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import click

from streams.cli.common.hit_output import HitOutput, open_output
from streams.cli.common.options import INPUT_FILE, config_option, read_models, read_settings
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.text import counted
from streams.cli.common.times import TIME
from streams.files.jsonl import InputFileError
from streams.files.loading import load_index, load_verdicts
from streams.pipeline import Pipeline
from streams.records.verdict import Verdict
from streams.replay import replay as steps_of
from streams.runtime.gc_tuning import GcProfile, tune_gc


@click.command()
@config_option
@click.option(
    "--alerts",
    required=True,
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts and withdrawals, JSON lines (.gz); several times for several files.",
)
@click.option(
    "--reads",
    required=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Reads, JSON lines (.gz); - is standard input.",
)
@click.option("--verdicts", metavar="FILE", type=INPUT_FILE, help="Verdicts, JSON lines (.gz).")
@click.option("--out", metavar="FILE", help="Write the hits there as JSON lines; - is standard output.")
@click.option("--rejected", "rejected_path", metavar="FILE", help="Write what was not taken there, with why.")
@click.option("--now", type=TIME, help="The time at which all is seen; else the latest captured_at so far.")
@click.option("--json/--table", "as_json", default=None, help="Hits as JSON lines or as a table.")
def replay(
    config: Path | None,
    alerts: tuple[str, ...],
    reads: str,
    verdicts: str | None,
    out: str | None,
    rejected_path: str | None,
    now: int | None,
    as_json: bool | None,
) -> None:
    """Replay files of reads against files of alerts and give the hits.

    Hits go to --out as JSON lines; without it to standard output, as a table if that is a terminal. A line
    that is no read, alert or verdict is reported and left out; the others go on.
    """
    settings = read_settings(config)
    began = perf_counter()
    damaged = False
    with ExitStack() as stack:
        rejected_file = stack.enter_context(open_output(rejected_path)) if rejected_path else None
        rejects = RejectedLines(rejected_file, hint="--rejected FILE writes all")
        sink = HitOutput(stack, out, as_json)
        expected: list[Verdict] = []
        try:
            with file_progress("lists", alerts) as progress:
                loaded = load_index(alerts, progress, settings.matching_rules.fuzzy_lists)
            rejects.add(loaded.rejected)
            if verdicts:
                expected, not_taken = load_verdicts(verdicts)
                rejects.add(not_taken)
        except InputFileError as error:
            say(f"anpr replay: {error}; nothing was replayed")
            sys.exit(1)
        pipeline = Pipeline(settings.pipeline(read_models(settings)), loaded.alert_index)
        for verdict in expected:
            pipeline.schedule_verdict(verdict)
        tune_gc(GcProfile.BATCHES)
        counts: Counter[str] = Counter()
        try:
            with file_progress("reads", (reads,)) as progress:
                for step in steps_of(pipeline, reads, now, progress):
                    rejects.add(step.rejected)
                    sink.write(step.hits)
                    counts.update(reads=step.read_count, matches=step.match_count)
                    counts.update(hit.kind for hit in step.hits)
        except InputFileError as error:
            say(f"anpr replay: {error}; the lines before were replayed")
            damaged = True
        sink.finish()
    rejects.report_remaining()
    unknown = sum(not pipeline.has_hit(verdict.hit_id) for verdict in expected)
    if unknown:
        say(f"{unknown:,} verdicts are on hits that these reads do not give")
    for (list_id, day), count in pipeline.suppressed().items():
        say(
            f"list {list_id}: {counted(count, 'passage')} withheld on {day} (UTC) by its budget of false hits"
        )
    say(
        f"{counts['reads']:,} reads against {loaded.alert_count:,} alerts: {counts['matches']:,} matches; "
        f"hits {counts['new']:,} new, {counts['amended']:,} amended, {counts['withdrawn']:,} withdrawn, "
        f"{sink.active_count:,} stand at the end; {rejects.count:,} lines rejected; "
        f"{perf_counter() - began:.1f} s"
    )
    if damaged:
        sys.exit(1)
