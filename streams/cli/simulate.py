"""`anpr simulate`: made-up traffic with the truth about it, as files."""

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import isclose
from pathlib import Path
from time import perf_counter
from typing import IO, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.cli.common.times import TIME
from streams.confusions.evidence import EVIDENCE_KINDS, EvidenceKind
from streams.confusions.model import ConfusionModel, ModelError, load_models
from streams.simulation.rates import QualityMix, Rates
from streams.simulation.scenario import Scenario
from streams.simulation.world import World

_DEFAULT_BEGIN: Final = "2026-05-21T00:00:00Z"
_MAX_READS: Final = 99_999_999
_SHARE: Final = click.FloatRange(0, 1)
_GZIP_LEVEL: Final = 1
"""Of gzip: the others take longer than the making."""


class _MixType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.4 on
    """`clear=0.7,medium=0.2,poor=0.1` to a Mix; what is left out is 0."""

    name = "MIX"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> QualityMix:
        if isinstance(value, QualityMix):
            return value
        shares = dict.fromkeys(QualityMix._fields, 0.0)
        for part in str(value).split(","):
            name, _, share = part.strip().partition("=")
            if name not in shares:
                self.fail(
                    f"{part!r}: the qualities are {', '.join(QualityMix._fields)}, as in poor=0.2", param, ctx
                )
            try:
                shares[name] = float(share)
            except ValueError:
                self.fail(f"{part!r}: a share is a number such as 0.2", param, ctx)
        mix = QualityMix(**shares)
        if not all(0 <= each <= 1 for each in mix) or not isclose(sum(mix), 1, abs_tol=1e-6):
            self.fail(f"{value!r}: the shares are from 0 to 1 and add up to 1", param, ctx)
        return mix


@click.command()
@click.option(
    "--out", required=True, metavar="FOLDER", type=click.Path(path_type=Path), help="Where the files go."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Another gives others."
)
@click.option(
    "--reads", type=click.IntRange(1, _MAX_READS), default=100_000, show_default=True, help="How many reads."
)
@click.option(
    "--alerts", type=click.IntRange(0, 9_999_999), default=1000, show_default=True, help="How many alerts."
)
@click.option("--from", "begin", type=TIME, default=_DEFAULT_BEGIN, show_default=True, help="When it begins.")
@click.option(
    "--hours",
    type=click.FloatRange(0.1, 8784),
    default=24,
    show_default=True,
    help="For how long: the fewer, the denser the traffic.",
)
@click.option(
    "--quality",
    "mix",
    type=_MixType(),
    default=",".join(f"{name}={share}" for name, share in QualityMix()._asdict().items()),
    show_default=True,
    help="Of the pictures, how many are of which quality.",
)
@click.option(
    "--listed", type=_SHARE, default=Rates().listed, show_default=True, help="Of the vehicles, those listed."
)
@click.option(
    "--clones",
    type=click.FloatRange(0, 0.4),
    default=Rates().clones,
    show_default=True,
    help="Of the vehicles, those with the plate of another that is on the road too.",
)
@click.option(
    "--missed",
    type=click.FloatRange(0, 0.9),
    default=Rates().missed,
    show_default=True,
    help="Of the passages, those not read.",
)
@click.option(
    "--late", type=_SHARE, default=Rates().late, show_default=True, help="Of its time, that a link is down."
)
@click.option(
    "--tells",
    type=click.Choice(EVIDENCE_KINDS),
    default="full",
    show_default=True,
    help="What the recogniser tells: other characters too, a confidence for each, one for the plate, none.",
)
@click.option(
    "--confusions",
    "model_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The model of misreads, as `anpr confusions learn` writes it; else the one shipped.",
)
@click.option("--gzip", "compressed", is_flag=True, help="Write reads.jsonl.gz and so on.")
def simulate(
    out: Path,
    seed: int,
    reads: int,
    alerts: int,
    begin: int,
    hours: float,
    mix: QualityMix,
    listed: float,
    clones: float,
    missed: float,
    late: float,
    tells: EvidenceKind,
    model_file: Path | None,
    compressed: bool,
) -> None:
    """Make up traffic: reads, alerts and the truth about each read.

    Vehicles of seven countries go out from home and come back over a network of roads between France and
    Belgium. Some are listed. Cameras misread them as the learnt model has it, miss some, have clocks that are
    wrong, and send late what they read while their link was down. All plates are made up.

    Written are reads.jsonl in the order in which they arrive, alerts.jsonl, truth.jsonl with a line for each
    read, passages.jsonl with all passages, read or not, and config.toml with the lists and cameras; files of
    these names are replaced. The same options give the same bytes. Then:

    \b
        anpr replay --config FOLDER/config.toml --alerts FOLDER/alerts.jsonl --reads FOLDER/reads.jsonl

    Exit codes: 0 done, 1 a model that is none, 2 wrong use, or a file that cannot be read or written.
    """
    began = perf_counter()
    rates = Rates(mix=mix, listed=listed, clones=clones, missed=missed, late=late)
    model = _load_model(model_file)
    try:
        out.mkdir(parents=True, exist_ok=True)
        world = World(Scenario(seed, reads, alerts, begin, hours, rates, tells), model)
        _write_files(world, out, compressed)
    except ValueError as error:
        say(f"anpr simulate: {error}; ask for fewer reads or alerts")
        raise click.exceptions.Exit(2) from None
    except OSError as error:
        say(f"anpr simulate: {error.filename or out}: cannot be written ({error.strerror}); free it or give "
            "another folder with --out")  # fmt: skip
        raise click.exceptions.Exit(2) from None
    made = world.summary
    say(
        f"{counted(reads, 'read')} of {counted(made.vehicles, 'vehicle')}, {made.listed_reads:,} of "
        f"{counted(made.listed_vehicles, 'listed vehicle')}; {counted(alerts, 'alert')}; "
        f"{made.late_reads:,} reads "
        f"come late; {out}; {perf_counter() - began:.1f} s"
    )


def _load_model(path: Path | None) -> ConfusionModel | None:
    if path is None:
        return None
    try:
        return load_models(path).general
    except ModelError as error:
        say(f"anpr simulate: {error}")
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        say(f"anpr simulate: {path}: cannot be read ({error.strerror}); give another with --confusions")
        raise click.exceptions.Exit(2) from None


def _write_files(world: World, out: Path, compressed: bool) -> None:
    """Writes the files under other names first, so that none is there in part."""
    ending = ".jsonl.gz" if compressed else ".jsonl"
    names = [f"{name}{ending}" for name in ("reads", "truth", "alerts", "passages")]
    parts = [out / f"{name}.part" for name in (*names, "config.toml")]
    try:
        with ExitStack() as stack:
            reads, truth, alerts, passages = (
                stack.enter_context(_open_output(path, compressed)) for path in parts[: len(names)]
            )
            advance = stack.enter_context(_read_progress(world.scenario.reads))
            for batch in world.read_batches():
                reads.write(batch.reads)
                truth.write(batch.truth)
                advance(batch.size)
            for lines in world.alert_batches():
                alerts.write(lines)
            for lines in world.passage_batches():
                passages.write(lines)
        parts[-1].write_text(world.config, "utf-8")
        for path in parts:
            path.replace(path.with_suffix(""))
    finally:
        for path in parts:
            path.unlink(missing_ok=True)


@contextmanager
def _open_output(path: Path, compressed: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        if not compressed:
            yield file
            return
        # Without the file's name and time, so that the same traffic is the same bytes.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, 0) as inner:
            yield inner  # type: ignore[misc]


@contextmanager
def _read_progress(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over reads, if stderr is a terminal; call it with how many more are done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("reads"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reads", total=total)
        yield lambda count: bar.advance(task, count)
