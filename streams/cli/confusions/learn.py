"""`anpr confusions`: how readers misread."""

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from streams.cli.progress import progress_of, say
from streams.cli.rejects import Rejects
from streams.cli.words import words
from streams.confusions.learn import LearnError, learn_all, steps_of
from streams.confusions.model import Model, ModelError, Models, dump, load_file, shipped_models
from streams.confusions.pairs import Pair, decode_pair
from streams.plates.fleets import shipped_fleets
from streams.replay.files import FileError, RejectedLine, batches

_SHOWN: Final = 12
_LEAST: Final = 2000


@click.group()
def confusions() -> None:
    """How readers misread: learn it from reads whose true plate is known, and look at it."""


@confusions.command()
@click.argument("files", nargs=-1, required=True, metavar="PAIRS...")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--source", default="", help="Where the pairs are from, in words; kept in the file.")
@click.option(
    "--least",
    type=click.IntRange(min=1),
    default=_LEAST,
    show_default=True,
    help="Fewest pairs of one reader for a model of its own; others have the general one.",
)
def learn(files: tuple[str, ...], output: Path, source: str, least: int) -> None:
    """Learn a model from pairs of reads and true plates.

    PAIRS are JSON lines, plain or compressed with gzip; - is standard input. Each has the true plate as
    `truth`, the `country`, and of the read `plate` and what else the recogniser gave: `confidence`,
    `char_confidences`, `char_alternatives`, `candidates`, as in a read. `reader` names the camera or its
    maker. A line that is no pair is reported and left out. 10,000 pairs take about a minute.

    Exit codes: 0 done, 1 lines that are no pairs, or nothing to learn, 2 a file that cannot be read or
    written.
    """
    if not output.parent.is_dir():
        raise _unwritable(output, "no such folder")
    pairs, bad = _pairs(files)
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("learning", total=steps_of(pairs, least))
            models = learn_all(pairs, shipped_fleets(), source, least, lambda count: bar.advance(task, count))
        output.write_bytes(dump(models))
    except LearnError as error:
        say(f"anpr confusions learn: {error}")
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        raise _unwritable(output, error.strerror) from None
    own = f", {words(len(models.of), 'reader')} with a model of their own" if models.of else ""
    say(f"{words(len(pairs), 'pair')} learnt{own}; {words(bad, 'line')} left out; {output}")
    if bad:
        raise click.exceptions.Exit(1)


@confusions.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def show(file: Path | None) -> None:
    """Show the commonest slips of a model; without FILE of the one shipped.

    Exit codes: 0 done, 1 a file that is no model, damaged or of another version, 2 one that cannot be read.
    """
    try:
        models = shipped_models() if file is None else load_file(file)
    except ModelError as error:
        say(f"anpr confusions show: {error}")
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        say(f"anpr confusions show: {file}: {error.strerror}")
        raise click.exceptions.Exit(2) from None
    click.echo("\n\n".join(_shown(each) for each in _all(models)))


def _unwritable(output: Path, why: str | None) -> click.exceptions.Exit:
    say(f"anpr confusions learn: {output}: cannot be written ({why}); give another path with --output")
    return click.exceptions.Exit(2)


def _all(models: Models) -> list[Model]:
    return [models.general, *models.of.values()]


def _shown(model: Model) -> str:
    lines = [f"{model.name}: {words(model.pairs, 'pair')}. {model.source}".rstrip()]
    ranked = sorted(model.counts.items(), key=lambda item: (-item[1], item[0]))
    for slip, count in ranked[:_SHOWN]:
        if slip[0] == "+":
            lines.append(f"  {slip[1]} read where there is nothing: {count:,}")
        elif slip[1] == "-":
            lines.append(f"  {slip[0]} not read: {count:,} of {model.seen[slip[0]]:,}")
        else:
            lines.append(f"  {slip[0]} read as {slip[1]}: {count:,} of {model.seen[slip[0]]:,}")
    return "\n".join(lines)


def _pairs(files: tuple[str, ...]) -> tuple[list[Pair], int]:
    """The pairs in files, and how many lines were none; those are reported."""
    found: list[Pair] = []
    rejects = Rejects(None, all_by="mend these to see them")
    try:
        with progress_of("pairs", files) as progress:
            for path in files:
                for lines, numbers in batches(path, progress):
                    for number, line in zip(numbers, lines, strict=True):
                        pair = decode_pair(line)
                        if isinstance(pair, Pair):
                            found.append(pair)
                        else:
                            rejects.take([RejectedLine(path, number, pair, line)])
    except FileError as fault:
        say(f"anpr confusions learn: {fault}")
        raise click.exceptions.Exit(2) from None
    rejects.sum_up()
    return found, rejects.count
