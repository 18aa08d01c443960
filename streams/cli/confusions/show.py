"""`anpr confusions show`: the contents of a confusion model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from streams.cli.common.terminal import print_lines
from streams.cli.common.text import counted
from streams.confusions.model import ConfidenceBand, ConfusionModel, builtin_models, load_models
from streams.runtime.errors import InputError

_MAX_SHOWN: Final = 12
_ERROR_KINDS: Final = {"other": "read as another", "lost": "not read", "extra": "read where there is none"}


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def show(file: Path | None) -> None:
    """Show a confusion model; without FILE the built-in one.

    It prints the model of all recognisers, then that of each camera and vendor with a model of its own: the
    most frequent character errors, where in the plate they are, and how often plates and characters are
    wrong, by confidence.

    Exit codes: 0 done; 1 the file is not a model, is damaged or of another version; 2 it cannot be read.
    """
    try:
        models = builtin_models() if file is None else load_models(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    for position, model in enumerate([models.general, *models.by_reader.values()]):
        cameras = [camera for camera, vendor in models.vendors.items() if vendor == model.name]
        if position:
            click.echo()
        for line in _format_model(model, cameras):
            print_lines(line)


def _format_model(model: ConfusionModel, cameras: list[str]) -> Iterator[str]:
    yield f"{model.name}: {counted(model.pairs, 'pair')}. {model.source}".rstrip()
    if cameras:
        yield f"  vendor of {', '.join(cameras)}"
    ranked = sorted(model.counts.items(), key=lambda item: (-item[1], item[0]))
    for error, count in ranked[:_MAX_SHOWN]:
        if error[0] == "+":
            yield f"  {error[1]} read where there is none: {count:,}"
        elif error[1] == "-":
            yield f"  {error[0]} not read: {count:,} of {model.seen.get(error[0], 0):,}"
        else:
            yield f"  {error[0]} read as {error[1]}: {count:,} of {model.seen.get(error[0], 0):,}"
    if any(model.positions.get("seen", ())):
        yield f"  {'characters':<28}{'start':>9}{'inside':>9}{'end':>9}"
        seen = model.positions["seen"]
        for kind, meaning in _ERROR_KINDS.items():
            shares = (
                _format_share(count, total) for count, total in zip(model.positions[kind], seen, strict=True)
            )
            yield f"    {meaning:<26}" + "".join(f"{share:>9}" for share in shares)
    for unit, bands in (("plates", model.plate_bands), ("characters", model.char_bands)):
        if bands:
            yield f"  {unit} read wrong, by confidence"
            yield from map(_format_band, bands)


def _format_band(band: ConfidenceBand) -> str:
    return (
        f"    up to {band.upto:<6g}{_format_share(band.wrong, band.seen):>9}  {band.wrong:,} of {band.seen:,}"
    )


def _format_share(count: int, total: int) -> str:
    return f"{count / total:.2%}" if total else "-"
