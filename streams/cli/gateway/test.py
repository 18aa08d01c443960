"""`anpr gateway test`: what a captured event becomes."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

import click

from streams.cli.common.options import INPUT_FILE, config_option, read_settings
from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.gateway.config import GatewayCameraConfig, build_camera_source
from streams.gateway.event import Event, EventError, Vendor
from streams.records.encode import encode
from streams.records.times import to_ms

_MEDIA_TYPES = {".json": "application/json", ".jsonl": "application/x-ndjson", ".xml": "application/xml"}


@click.command()
@click.argument("maker", type=click.Choice(sorted(get_args(Vendor))))
@click.argument("file", type=INPUT_FILE)
@click.option("--content-type", metavar="T", help="Its media type; else by the file's name or begin.")
@click.option("--camera", "camera_id", default="camera", show_default=True, help="The camera that sent it.")
@config_option
def test(maker: str, file: str, content_type: str | None, camera_id: str, config: Path | None) -> None:
    """Print the read or reads that a captured event becomes, as JSON lines, or why it becomes none.

    MAKER is whose event it is, FILE its body as it was sent; - is standard input. A camera that is not in the
    settings counts as being in UTC.

    Exit codes: 0 reads, or an event such as a heartbeat that is none; 1 something is refused; 2 wrong use.
    """
    from streams.gateway.vendors import PARSERS

    settings = read_settings(config)
    with click.open_file(file, "rb") as opened:
        body = opened.read()
    camera = settings.cameras.get(camera_id, GatewayCameraConfig())
    source = build_camera_source(camera_id, camera)
    if source.zone is None and camera_id not in settings.cameras:
        source = source._replace(zone=ZoneInfo("UTC"))
    event = Event(body, to_ms(datetime.now(UTC)), content_type or _guess_media_type(file, body))
    try:
        taken = PARSERS[cast(Vendor, maker)](event, source)
    except EventError as error:
        _print_refusal(error)
        sys.exit(1)
    for read in taken.reads:
        sys.stdout.buffer.write(encode(read) + b"\n")
    sys.stdout.buffer.flush()
    for why in taken.skipped:
        say(f"no read: {why}")
    if taken.pictures:
        say(f"{counted(len(taken.pictures), 'picture')}, which would go no further")
    for part in taken.errors:
        _print_refusal(part)
    if taken.errors:
        sys.exit(1)


def _print_refusal(error: EventError) -> None:
    say(f"refused ({error.reason}):")
    for fault in error.faults:
        say(f"  {fault}")


def _guess_media_type(file: str, body: bytes) -> str:
    from streams.gateway.multipart import find_boundary

    boundary = find_boundary(body)
    if boundary:
        return f'multipart/form-data; boundary="{boundary}"'
    return _MEDIA_TYPES.get(Path(file).suffix.lower(), "")
