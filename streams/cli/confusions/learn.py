"""`anpr confusions learn`: a model from pairs, from confirmed passages, and from two cameras on one road."""

from pathlib import Path
from typing import Final

import click

from streams.cli.common.options import options_object
from streams.cli.common.progress import file_progress, progress_bar, say
from streams.cli.common.record_sources import decode_files
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.text import counted
from streams.cli.confusions.inputs import (
    CameraPairOption,
    LearnOptions,
    TrainingInputs,
    check_options,
    decode_read_files,
)
from streams.confusions.model import ConfusionModel, ConfusionModels, encode_models
from streams.confusions.training.camera_pairs.linkage import CameraPair, first_of_passages, link_reads
from streams.confusions.training.camera_pairs.unsupervised import LinkedPair, unsupervised_pairs
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.confusions.training.pairs_from_hits import PASSAGE_GAP_S, pairs_from_hits
from streams.confusions.training.train import ModelGroups, TrainingError, count_steps, train_all
from streams.plates.fleets import builtin_fleets
from streams.records.decode import decode_hit, decode_verdict
from streams.records.read import Read
from streams.runtime.errors import InputError

_MIN_PAIRS: Final = 2000


@click.command(short_help="Learn a model of how plates are misread, from reads.")
@click.argument("pair_files", nargs=-1, metavar="[PAIRS]...")
@click.option(
    "--hits",
    "hit_files",
    multiple=True,
    metavar="FILE",
    help="Hits, of which the confirmed ones are learnt from.",
)
@click.option(
    "--verdicts",
    "verdict_files",
    multiple=True,
    metavar="FILE",
    help="Verdicts; those on the hits themselves count as well.",
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
    help="Seconds before and after a confirmed hit within which reads belong to its passage.",
)
@click.option(
    "--cameras",
    "camera_pairs",
    type=(str, str, str),
    multiple=True,
    metavar="CAMERA=FILE CAMERA=FILE MIN:MAX",
    help="Reads of two cameras on one road, and the minimum and maximum of seconds from the first to the "
    "second.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--source", default="", help="Origin of the data, in words; stored in the file.")
@click.option(
    "--makers",
    "vendors",
    type=click.Path(path_type=Path),
    help='TOML file with the vendor of each camera: "c-12" = "maker".',
)
@click.option(
    "--base",
    metavar="FILE|shipped|none",
    help="Model that fills in where there is little data; by default none for pairs alone, else the built-in "
    "one (shipped).",
)
@click.option(
    "--least",
    "min_pairs",
    type=click.IntRange(min=1),
    default=_MIN_PAIRS,
    show_default=True,
    help="Minimum number of pairs for a camera or vendor to have its own model; others have the general one.",
)
@options_object(LearnOptions)
def learn(options: LearnOptions) -> None:
    """Learn a model from reads: with their true plates, of confirmed hits, or of two cameras on one road.

    All three may be given, and each more than once. Files are JSON lines, plain or compressed with gzip; - is
    standard input. A line that is not a valid record is reported and left out.

    Each line of PAIRS has the true plate (`truth`), the `country`, and what the recogniser gave: `plate` and,
    if it has them, `confidence`, `char_confidences`, `char_alternatives` and `candidates`, as in a read.
    `reader` names the camera or its vendor. 10,000 pairs take about a minute.

    With --hits the listed plate of a confirmed hit is the true one. Hits show only the misreads that match,
    so only the character errors that the list allows are learnt from them, and nothing from lists with exact
    hits only. --reads adds the other reads of each passage.

    With --cameras the true plates need not be known: reads of one vehicle by two cameras are compared. The
    file has the reads of the camera named before it, and may have others.

    Exit codes: 0 done; 1 lines left out, or nothing to learn; 2 wrong use, or a file cannot be read or
    written.
    """
    inputs = check_options(options)
    rejects = RejectedLines(None, hint="correct these first to see them")
    pairs = _collect_pairs(inputs, rejects)
    rejects.report_remaining()
    models = _train(pairs, inputs, options)
    try:
        options.output.write_bytes(encode_models(models))
    except OSError as error:
        raise InputError(
            f"{options.output}: cannot be written ({error.strerror}); give another path with --output"
        ) from error
    _report(models, rejects.count, options.output)
    if rejects.count:
        raise click.exceptions.Exit(1)


def _collect_pairs(inputs: TrainingInputs, rejects: RejectedLines) -> list[TrainingPair]:
    """Return the training pairs of all inputs. Raises InputFileError, and TrainingError for a camera pair."""
    with file_progress("pairs", inputs.pair_files) as progress:
        pairs = list(decode_files(inputs.pair_files, decode_pair, rejects, progress))
    if inputs.hit_files:
        pairs += _pairs_from_hits(inputs, rejects)
    for camera_pair in inputs.camera_pairs:
        pairs += _pairs_from_cameras(camera_pair, inputs.base, rejects)
    return pairs


def _train(pairs: list[TrainingPair], inputs: TrainingInputs, options: LearnOptions) -> ConfusionModels:
    """Return the models that pairs teach. Raises TrainingError if there is nothing to learn."""
    groups = ModelGroups(options.min_pairs, inputs.vendors)
    with progress_bar("learning", count_steps(pairs, groups)) as bar:
        return train_all(pairs, builtin_fleets(), options.source, groups, bar.advance, inputs.base)


def _report(models: ConfusionModels, rejected_count: int, output: Path) -> None:
    learnt = f"{counted(models.general.pairs, 'pair')} learnt"
    if models.by_reader:
        learnt += f", {counted(len(models.by_reader), 'camera or vendor')} with an own model"
    say(f"{learnt}; {counted(rejected_count, 'line')} left out; {output}")


def _pairs_from_hits(inputs: TrainingInputs, rejects: RejectedLines) -> list[TrainingPair]:
    """Return the pairs that confirmed hits prove; print how many, and what was left out."""
    files = (*inputs.hit_files, *inputs.verdict_files, *inputs.read_files)
    with file_progress("hits", files) as progress:
        hits = list(decode_files(inputs.hit_files, decode_hit, rejects, progress))
        verdicts = decode_files(inputs.verdict_files, decode_verdict, rejects, progress)
        reads = decode_read_files(inputs.read_files, rejects, progress)
        confirmed = pairs_from_hits(hits, verdicts, reads, inputs.gap_s)
    unselected = sum(pair.origin == "known" for pair in confirmed.pairs)
    say(
        f"{counted(len(hits), 'hit')}: {counted(len(confirmed.pairs), 'read')} of confirmed vehicles, "
        f"{unselected:,} of them known independently of a match"
    )
    for reason, count in confirmed.skipped.items():
        say(f"  left out: {count:,} {reason}")
    return confirmed.pairs


def _pairs_from_cameras(
    camera_pair: CameraPairOption, base: ConfusionModel | None, rejects: RejectedLines
) -> list[TrainingPair]:
    """Return the pairs of two cameras; print how many, and how many of them may be wrong.

    Raises TrainingError if a file has no read of its camera.
    """
    first, second = (
        _first_reads(camera_id, file, rejects)
        for camera_id, file in zip(camera_pair.cameras, camera_pair.files, strict=True)
    )
    links = link_reads(CameraPair(first, second, camera_pair.min_s, camera_pair.max_s))
    linked = [LinkedPair(first[index], second[other_index]) for index, other_index in links.pairs]
    trained = unsupervised_pairs(linked, builtin_fleets(), base)
    say(
        f"{camera_pair.cameras[0]} to {camera_pair.cameras[1]}: "
        f"{counted(len(links.pairs), 'vehicle')} at both, of {len(first):,} and {len(second):,}; "
        f"{links.different:,} read differently, of which at most {links.expected_false:.1f} are expected to "
        "be different vehicles"
    )
    for count, reason in (
        (trained.without_country, "without a known country"),
        (trained.without_plate, "without a plate that their country issues"),
    ):
        if count:
            say(f"  left out: {counted(count, 'vehicle')} {reason}")
    return trained.pairs


def _first_reads(camera_id: str, file: str, rejects: RejectedLines) -> list[Read]:
    """Return the first read of each passage at a camera. Raises TrainingError if there is none."""
    with file_progress(camera_id, (file,)) as progress:
        reads = [read for read in decode_read_files([file], rejects, progress) if read.camera_id == camera_id]
    if not reads:
        raise TrainingError(f"{file}: no read of camera {camera_id}; name the camera as its reads do")
    return first_of_passages(reads)
