"""`anpr confusions learn`: a model from pairs, from confirmed passages, and from two cameras on one road."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from streams.cli.common.progress import file_progress, say
from streams.cli.common.record_sources import decode_files
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.text import counted
from streams.cli.confusions.inputs import (
    CameraPairOption,
    decode_read_files,
    load_base_model,
    parse_camera_pair,
    read_makers,
)
from streams.confusions.model import ConfusionModel, encode_models
from streams.confusions.training.camera_pairs.linkage import CameraPair, first_of_passages, link_reads
from streams.confusions.training.camera_pairs.unsupervised import LinkedPair, unsupervised_pairs
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.confusions.training.pairs_from_hits import PASSAGE_GAP_S, pairs_from_hits
from streams.confusions.training.train import TrainingError, count_steps, train_all
from streams.files.jsonl import InputFileError
from streams.plates.fleets import builtin_fleets
from streams.records.decode import decode_hit, decode_verdict

_MIN_PAIRS: Final = 2000


@click.command()
@click.argument("files", nargs=-1, metavar="[PAIRS]...")
@click.option(
    "--hits",
    "hit_files",
    multiple=True,
    metavar="FILE",
    help="Hits, to learn from those that were confirmed.",
)
@click.option(
    "--verdicts",
    "verdict_files",
    multiple=True,
    metavar="FILE",
    help="Verdicts; those that stand on the hits count as well.",
)
@click.option(
    "--reads",
    "read_files",
    multiple=True,
    metavar="FILE",
    help="All reads of the hits' cameras, matched or not.",
)
@click.option(
    "--gap",
    "gap_s",
    type=click.FloatRange(min=0),
    default=PASSAGE_GAP_S,
    show_default=True,
    help="Seconds about a confirmed hit within which reads are of its passage.",
)
@click.option(
    "--cameras",
    "roads",
    type=(str, str, str),
    multiple=True,
    metavar="CAMERA=FILE CAMERA=FILE LEAST:MOST",
    help="Reads of two cameras on one road, and the least and the most seconds from the first to the second.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--source", default="", help="Where this is from, in words; kept in the file.")
@click.option(
    "--makers", type=click.Path(path_type=Path), help='TOML file, a line a camera: "c-12" = "maker".'
)
@click.option(
    "--base",
    metavar="FILE|shipped|none",
    help="The model to hold to where little is told; without it none for pairs alone, else that shipped.",
)
@click.option(
    "--least",
    type=click.IntRange(min=1),
    default=_MIN_PAIRS,
    show_default=True,
    help="Fewest pairs of one camera or maker for a model of its own; others have the general one.",
)
def learn(
    files: tuple[str, ...],
    hit_files: tuple[str, ...],
    verdict_files: tuple[str, ...],
    read_files: tuple[str, ...],
    gap_s: float,
    roads: tuple[tuple[str, str, str], ...],
    output: Path,
    source: str,
    makers: Path | None,
    base: str | None,
    least: int,
) -> None:
    """Learn a model from reads: with their true plates, of confirmed hits, or of two cameras on one road.

    All may be given, and each more than once. Files are JSON lines, plain or compressed with gzip; - is
    standard input. A line that is no record is reported and left out.

    PAIRS have the true plate as `truth`, the `country`, and of the read `plate` and what else the recogniser
    gave: `confidence`, `char_confidences`, `char_alternatives`, `candidates`, as in a read. `reader` names
    the camera or its maker. 10,000 pairs take about a minute.

    With --hits the listed plate of a confirmed hit is the true one. Hits show only the misreads that match:
    of them only the slips that the list lets through are learnt, and nothing of lists with exact hits only.
    --reads shows the others of each passage.

    With --cameras nobody needs to know the true plates: reads of one vehicle by two cameras are compared. The
    file has the reads of the camera named before it, and may have others.

    Exit codes: 0 done, 1 lines that are no records, or nothing to learn, 2 options that make no sense, a file
    that cannot be read or written.
    """
    alone = not hit_files and not roads
    ways = [parse_camera_pair(entry) for entry in roads]
    its_makers, its_base = read_makers(makers), load_base_model(base, alone)
    faults = [fault for each in [*ways, its_makers, its_base] if isinstance(each, list) for fault in each]
    if alone and not files:
        faults.append("nothing to learn from; give PAIRS, --hits or --cameras")
    if not hit_files:
        faults += [
            f"{option} without --hits; give the hits that they belong to"
            for option, given in (("--verdicts", verdict_files), ("--reads", read_files))
            if given
        ]
    if not output.parent.is_dir():
        faults.append(f"{output}: cannot be written (no such folder); give another path with --output")
    if faults or isinstance(its_makers, list) or isinstance(its_base, list):
        raise _usage_exit(faults)
    rejects = RejectedLines(None, hint="mend these to see them")
    try:
        with file_progress("pairs", files) as progress:
            pairs = list(decode_files(files, decode_pair, rejects, progress))
        if hit_files:
            pairs += _pairs_from_hits(hit_files, verdict_files, read_files, gap_s, rejects)
        for way in ways:
            if isinstance(way, CameraPairOption):
                pairs += _pairs_from_cameras(way, its_base, rejects)
        rejects.report_remaining()
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("learning", total=count_steps(pairs, least, its_makers))
            models = train_all(
                pairs,
                builtin_fleets(),
                source,
                least,
                lambda count: bar.advance(task, count),
                its_base,
                its_makers,
            )
        output.write_bytes(encode_models(models))
    except TrainingError as error:
        say(f"anpr confusions learn: {error}")
        raise click.exceptions.Exit(1) from None
    except InputFileError as fault:
        raise _usage_exit([str(fault)]) from None
    except OSError as error:
        raise _usage_exit(
            [f"{output}: cannot be written ({error.strerror}); give another path with --output"]
        ) from None
    learnt = f"{counted(models.general.pairs, 'pair')} learnt"
    if models.of:
        learnt += f", {counted(len(models.of), 'reader')} with a model of their own"
    say(f"{learnt}; {counted(rejects.count, 'line')} left out; {output}")
    if rejects.count:
        raise click.exceptions.Exit(1)


def _pairs_from_hits(
    hit_files: Sequence[str],
    verdict_files: Sequence[str],
    read_files: Sequence[str],
    gap_s: float,
    rejects: RejectedLines,
) -> list[TrainingPair]:
    """The pairs that confirmed hits prove; says how many, and what was left out."""
    with file_progress("hits", (*hit_files, *verdict_files, *read_files)) as progress:
        hits = list(decode_files(hit_files, decode_hit, rejects, progress))
        verdicts = decode_files(verdict_files, decode_verdict, rejects, progress)
        found = pairs_from_hits(hits, verdicts, decode_read_files(read_files, rejects, progress), gap_s)
    whole = sum(pair.found == "known" for pair in found.pairs)
    say(
        f"{counted(len(hits), 'hit')}: {counted(len(found.pairs), 'read')} of confirmed vehicles, "
        f"{whole:,} of "
        "them seen whether or not they match"
    )
    for reason, count in found.skipped.items():
        say(f"  left out: {count:,} {reason}")
    return found.pairs


def _pairs_from_cameras(
    camera_pair: CameraPairOption, base: ConfusionModel | None, rejects: RejectedLines
) -> list[TrainingPair]:
    """The pairs of a road; says how many, and how sure it is."""
    ends = []
    for camera, file in zip(camera_pair.cameras, camera_pair.files, strict=True):
        with file_progress(camera, (file,)) as progress:
            its = [read for read in decode_read_files([file], rejects, progress) if read.camera_id == camera]
        if not its:
            raise TrainingError(f"{file}: no read of camera {camera}; name the camera as its reads do")
        ends.append(first_of_passages(its))
    found = link_reads(CameraPair(ends[0], ends[1], camera_pair.min_s, camera_pair.max_s))
    pairs = unsupervised_pairs(
        [LinkedPair(ends[0][first], ends[1][second]) for first, second in found.pairs], builtin_fleets(), base
    )
    say(
        f"{camera_pair.cameras[0]} to {camera_pair.cameras[1]}: "
        f"{counted(len(found.pairs), 'vehicle')} at both, of "
        f"{len(ends[0]):,} and {len(ends[1]):,}; {found.different:,} read unlike, of which "
        f"{found.expected_false:.1f} at most are expected to be different vehicles"
    )
    for count, reason in (
        (pairs.without_country, "of no known country"),
        (pairs.without_plate, "of no plate that their country issues"),
    ):
        if count:
            say(f"  left out: {counted(count, 'vehicle')} {reason}")
    return pairs.pairs


def _usage_exit(faults: Sequence[str]) -> click.exceptions.Exit:
    for fault in faults:
        say(f"anpr confusions learn: {fault}")
    return click.exceptions.Exit(2)
