"""`anpr simulate`: synthetic traffic with the truth about it, as files."""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import isclose
from pathlib import Path
from time import perf_counter
from typing import IO, Final, NamedTuple

import click

from streams.cli.common.options import options_object
from streams.cli.common.progress import progress_bar, say
from streams.cli.common.text import counted
from streams.cli.common.times import TIME
from streams.confusions.evidence import EVIDENCE_KINDS, EvidenceKind
from streams.confusions.model import ConfusionModel, load_models
from streams.records.times import Millis
from streams.runtime.errors import InputError
from streams.simulation.rates import QualityMix, Rates
from streams.simulation.scenario import Scenario
from streams.simulation.world import World

_DEFAULT_BEGIN: Final = "2026-05-21T00:00:00Z"
_MAX_READS: Final = 99_999_999
_SHARE: Final = click.FloatRange(0, 1)
_GZIP_LEVEL: Final = 1
"""The compression level: higher ones take longer than the simulation."""


class _MixType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.4 on
    """Converts `clear=0.7,medium=0.2,poor=0.1` to a QualityMix; a quality left out is 0."""

    name = "MIX"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> QualityMix:
        if isinstance(value, QualityMix):
            return value
        shares = dict.fromkeys(QualityMix._fields, 0.0)
        for part in str(value).split(","):
            name, _, share = part.strip().partition("=")
            if name not in shares:
                self.fail(
                    f"{part!r}: must name a quality and its share, such as poor=0.2; the qualities are "
                    f"{', '.join(QualityMix._fields)}",
                    param,
                    ctx,
                )
            try:
                shares[name] = float(share)
            except ValueError:
                self.fail(f"{part!r}: the share must be a number such as 0.2", param, ctx)
        mix = QualityMix(**shares)
        if not all(0 <= share <= 1 for share in mix) or not isclose(sum(mix), 1, abs_tol=1e-6):
            self.fail(f"{value!r}: the shares must be from 0 to 1 and add up to 1", param, ctx)
        return mix


class _SimulationOptions(NamedTuple):
    """The options of the command."""

    out: Path
    seed: int
    reads: int
    alerts: int
    begin_ms: Millis
    hours: float
    mix: QualityMix
    listed: float
    clones: float
    missed: float
    late: float
    detail: EvidenceKind
    model_file: Path | None
    compressed: bool

    @property
    def scenario(self) -> Scenario:
        """The traffic that the options describe."""
        rates = Rates(
            mix=self.mix, listed=self.listed, clones=self.clones, missed=self.missed, late=self.late
        )
        return Scenario(self.seed, self.reads, self.alerts, self.begin_ms, self.hours, rates, self.detail)


@click.command(short_help="Generate synthetic reads and alerts, with the truth.")
@click.option(
    "--out", required=True, metavar="FOLDER", type=click.Path(path_type=Path), help="Folder for the files."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="Seed of the random numbers.",
)
@click.option(
    "--reads", type=click.IntRange(1, _MAX_READS), default=100_000, show_default=True, help="Number of reads."
)
@click.option(
    "--alerts", type=click.IntRange(0, 9_999_999), default=1000, show_default=True, help="Number of alerts."
)
@click.option(
    "--from", "begin_ms", type=TIME, default=_DEFAULT_BEGIN, show_default=True, help="Begin of the traffic."
)
@click.option(
    "--hours",
    type=click.FloatRange(0.1, 8784),
    default=24,
    show_default=True,
    help="Duration of the traffic: the shorter, the denser.",
)
@click.option(
    "--quality",
    "mix",
    type=_MixType(),
    default=",".join(f"{name}={share}" for name, share in QualityMix()._asdict().items()),
    show_default=True,
    help="Share of pictures of each quality.",
)
@click.option(
    "--listed",
    type=_SHARE,
    default=Rates().listed,
    show_default=True,
    help="Share of vehicles that are listed.",
)
@click.option(
    "--clones",
    type=click.FloatRange(0, 0.4),
    default=Rates().clones,
    show_default=True,
    help="Share of vehicles with the plate of another that is also on the road.",
)
@click.option(
    "--missed",
    type=click.FloatRange(0, 0.9),
    default=Rates().missed,
    show_default=True,
    help="Share of passages that are not read.",
)
@click.option(
    "--late",
    type=_SHARE,
    default=Rates().late,
    show_default=True,
    help="Share of time in which a link is down.",
)
@click.option(
    "--tells",
    "detail",
    type=click.Choice(EVIDENCE_KINDS),
    default="full",
    show_default=True,
    help="Detail that the recogniser gives: alternative characters too, a confidence for each character, one "
    "for the plate, none.",
)
@click.option(
    "--confusions",
    "model_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Model of misreads, as `anpr confusions learn` writes it; by default the built-in one.",
)
@click.option("--gzip", "compressed", is_flag=True, help="Compressed files: reads.jsonl.gz and so on.")
@options_object(_SimulationOptions)
def simulate(options: _SimulationOptions) -> None:
    """Generate synthetic traffic: reads, alerts and the truth about each read.

    Vehicles of seven countries leave home and return over a road network between France and Belgium. Some are
    listed. Cameras misread them as the confusion model says, miss some, have clocks that are wrong, and send
    late what they read while their link was down. All plates are synthetic.

    The files are reads.jsonl in the order of arrival, alerts.jsonl, truth.jsonl with a line for each read,
    passages.jsonl with all passages, read or not, and config.toml with the lists and cameras; files of these
    names are replaced. The same options give the same bytes. Then:

    \b
        anpr replay --config FOLDER/config.toml \\
            --alerts FOLDER/alerts.jsonl --reads FOLDER/reads.jsonl

    Exit codes: 0 done, 1 a file is not a valid model, 2 wrong use, or a file cannot be read or written.
    """
    began = perf_counter()
    model = _load_model(options.model_file)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        world = World(options.scenario, model)
        _write_files(world, options.out, options.compressed)
    except ValueError as error:
        raise InputError(f"{error}; ask for fewer reads or alerts") from None
    except OSError as error:
        raise InputError(
            f"{error.filename or options.out}: cannot be written ({error.strerror}); make room there, or "
            "give another folder with --out"
        ) from error
    summary = world.summary
    say(
        f"{counted(options.reads, 'read')} of {counted(summary.vehicles, 'vehicle')}, "
        f"{summary.listed_reads:,} of {counted(summary.listed_vehicles, 'listed vehicle')}; "
        f"{counted(options.alerts, 'alert')}; {summary.late_reads:,} reads arrive late; "
        f"{options.out}; {perf_counter() - began:.1f} s"
    )


def _load_model(path: Path | None) -> ConfusionModel | None:
    if path is None:
        return None
    try:
        return load_models(path).general
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); give another model with --confusions"
        ) from error


def _write_files(world: World, out: Path, compressed: bool) -> None:
    """Write the files under temporary names first, so that none is ever incomplete."""
    ending = ".jsonl.gz" if compressed else ".jsonl"
    names = [f"{name}{ending}" for name in ("reads", "truth", "alerts", "passages")]
    parts = [out / f"{name}.part" for name in (*names, "config.toml")]
    try:
        with ExitStack() as stack:
            reads, truth, alerts, passages = (
                stack.enter_context(_open_output(path, compressed)) for path in parts[: len(names)]
            )
            progress = stack.enter_context(progress_bar("reads", world.scenario.reads))
            for batch in world.read_batches():
                reads.write(batch.reads)
                truth.write(batch.truth)
                progress.advance(batch.size)
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
        # Without the file's name and time, so that the same traffic gives the same bytes.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, 0) as inner:
            yield inner  # type: ignore[misc]
