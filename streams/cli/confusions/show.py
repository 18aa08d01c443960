"""`anpr confusions show`: what a model says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.confusions.model import ConfidenceBand, ConfusionModel, ModelError, builtin_models, load_models

_MAX_SHOWN: Final = 12
_ERROR_KINDS: Final = {"other": "read as another", "lost": "not read", "extra": "read where there is nothing"}


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def show(file: Path | None) -> None:
    """Show what a model was learnt from; without FILE the one shipped.

    For readers in general, then for each camera and maker that has a model of its own: the commonest slips,
    where in the plate they are, and how often plates and characters are wrong by the confidence in them.

    Exit codes: 0 done, 1 a file that is no model, damaged or of another version, 2 one that cannot be read.
    """
    try:
        models = builtin_models() if file is None else load_models(file)
    except ModelError as error:
        say(f"anpr confusions show: {error}")
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        say(f"anpr confusions show: {file}: {error.strerror}")
        raise click.exceptions.Exit(2) from None
    for number, model in enumerate([models.general, *models.of.values()]):
        cameras = [camera for camera, maker in models.makers.items() if maker == model.name]
        click.echo(("\n" if number else "") + "\n".join(_format_model(model, cameras)))


def _format_model(model: ConfusionModel, cameras: list[str]) -> Iterator[str]:
    yield f"{model.name}: {counted(model.pairs, 'pair')}. {model.source}".rstrip()
    if cameras:
        yield f"  maker of {', '.join(cameras)}"
    ranked = sorted(model.counts.items(), key=lambda item: (-item[1], item[0]))
    for slip, count in ranked[:_MAX_SHOWN]:
        if slip[0] == "+":
            yield f"  {slip[1]} read where there is nothing: {count:,}"
        elif slip[1] == "-":
            yield f"  {slip[0]} not read: {count:,} of {model.seen.get(slip[0], 0):,}"
        else:
            yield f"  {slip[0]} read as {slip[1]}: {count:,} of {model.seen.get(slip[0], 0):,}"
    if any(model.places.get("seen", ())):
        yield f"  {'characters':<28}{'start':>9}{'inside':>9}{'end':>9}"
        seen = model.places["seen"]
        for kind, meaning in _ERROR_KINDS.items():
            shares = (_format_share(count, of) for count, of in zip(model.places[kind], seen, strict=True))
            yield f"    {meaning:<26}" + "".join(f"{share:>9}" for share in shares)
    for what, bands in (("plates", model.plate_bands), ("characters", model.char_bands)):
        if bands:
            yield f"  {what} read wrong, by confidence"
            yield from map(_format_band, bands)


def _format_band(band: ConfidenceBand) -> str:
    return (
        f"    up to {band.upto:<6g}{_format_share(band.wrong, band.seen):>9}  {band.wrong:,} of {band.seen:,}"
    )


def _format_share(count: int, total: int) -> str:
    return f"{count / total:.2%}" if total else "-"
