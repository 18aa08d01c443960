"""`anpr gateway test`: the reads of a captured event."""

import sys
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
from streams.runtime.clock import now_ms

_MEDIA_TYPES = {".json": "application/json", ".jsonl": "application/x-ndjson", ".xml": "application/xml"}


@click.command(short_help="Print the reads of a captured event as JSON lines.")
@click.argument("maker", type=click.Choice(sorted(get_args(Vendor))))
@click.argument("file", type=INPUT_FILE)
@click.option(
    "--content-type",
    metavar="TYPE",
    help="Media type of the file; by default from its name or its first bytes.",
)
@click.option(
    "--camera", "camera_id", default="camera", show_default=True, help="Id of the camera that sent it."
)
@config_option
def test(maker: str, file: str, content_type: str | None, camera_id: str, config: Path | None) -> None:
    """Print the reads of a captured event as JSON lines, or why there are none.

    MAKER is the vendor whose format the event has, FILE its body as the camera sent it; - is standard input.
    A camera that is not in the settings is taken to be in UTC.

    Exit codes: 0 reads, or an event such as a heartbeat that has none; 1 something was refused; 2 wrong use.
    """
    from streams.gateway.vendors import PARSERS

    settings = read_settings(config)
    with click.open_file(file, "rb") as opened:
        body = opened.read()
    camera = settings.cameras.get(camera_id, GatewayCameraConfig())
    source = build_camera_source(camera_id, camera)
    if source.zone is None and camera_id not in settings.cameras:
        source = source._replace(zone=ZoneInfo("UTC"))
    event = Event(body, now_ms(), content_type or _guess_media_type(file, body))
    try:
        parsed = PARSERS[cast(Vendor, maker)](event, source)
    except EventError as error:
        _print_refusal(error)
        sys.exit(1)
    for read in parsed.reads:
        sys.stdout.buffer.write(encode(read) + b"\n")
    sys.stdout.buffer.flush()
    for reason in parsed.skipped:
        say(f"no read: {reason}")
    if parsed.pictures:
        say(f"{counted(len(parsed.pictures), 'picture')}, which the gateway does not pass on")
    for refusal in parsed.errors:
        _print_refusal(refusal)
    if parsed.errors:
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
