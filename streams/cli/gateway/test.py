"""`anpr gateway test`: what a captured event becomes."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

import click

from streams.cli.common.options import INPUT, config_option, settings_of
from streams.cli.common.progress import say
from streams.cli.common.text import words
from streams.gateway.config import Camera, source_of
from streams.gateway.event import Event, EventError, Maker
from streams.records.encode import encode
from streams.records.times import to_ms

_BY_ENDING = {".json": "application/json", ".jsonl": "application/x-ndjson", ".xml": "application/xml"}


@click.command()
@click.argument("maker", type=click.Choice(sorted(get_args(Maker))))
@click.argument("file", type=INPUT)
@click.option("--content-type", metavar="T", help="Its media type; else by the file's name or begin.")
@click.option("--camera", "camera_id", default="camera", show_default=True, help="The camera that sent it.")
@config_option
def test(maker: str, file: str, content_type: str | None, camera_id: str, config: Path | None) -> None:
    """Print the read or reads that a captured event becomes, as JSON lines, or why it becomes none.

    MAKER is whose event it is, FILE its body as it was sent; - is standard input. A camera that is not in the
    settings counts as being in UTC.

    Exit codes: 0 reads, or an event such as a heartbeat that is none; 1 something is refused; 2 wrong use.
    """
    from streams.gateway.vendors import MAKERS

    settings = settings_of(config)
    with click.open_file(file, "rb") as opened:
        body = opened.read()
    camera = settings.cameras.get(camera_id, Camera())
    source = source_of(camera_id, camera)
    if source.zone is None and camera_id not in settings.cameras:
        source = source._replace(zone=ZoneInfo("UTC"))
    event = Event(body, to_ms(datetime.now(UTC)), content_type or _guessed(file, body))
    try:
        taken = MAKERS[cast(Maker, maker)](event, source)
    except EventError as error:
        _refused(error)
        sys.exit(1)
    for read in taken.reads:
        sys.stdout.buffer.write(encode(read) + b"\n")
    sys.stdout.buffer.flush()
    for why in taken.passed:
        say(f"no read: {why}")
    if taken.pictures:
        say(f"{words(len(taken.pictures), 'picture')}, which would go no further")
    for part in taken.refused:
        _refused(part)
    if taken.refused:
        sys.exit(1)


def _refused(error: EventError) -> None:
    say(f"refused ({error.reason}):")
    for fault in error.faults:
        say(f"  {fault}")


def _guessed(file: str, body: bytes) -> str:
    from streams.gateway.multipart import boundary_of

    boundary = boundary_of(body)
    if boundary:
        return f'multipart/form-data; boundary="{boundary}"'
    return _BY_ENDING.get(Path(file).suffix.lower(), "")
