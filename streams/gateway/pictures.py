"""Storage of pictures in a folder, if the settings name one; the reads hold their addresses."""

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import xxhash

from streams.gateway.event import Event, ParsedEvent, Picture
from streams.records.times import from_ms

_SUFFIXES: Final = {"image/png": ".png", "image/bmp": ".bmp", "image/webp": ".webp"}
_DEFAULT_SUFFIX: Final = ".jpg"


class PictureStore:
    """A folder of pictures, with a folder in it for each camera and UTC day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    async def store_pictures(self, camera_id: str, event: Event, parsed: ParsedEvent) -> ParsedEvent:
        """Write the pictures of an event that has reads; return it with the first picture in its reads.

        Raises OSError if they cannot be written.
        """
        folder = self._folder / _safe_name(camera_id) / from_ms(event.arrived_ms).date().isoformat()
        read_id = _safe_name(parsed.reads[0].read_id)
        paths = [
            folder / f"{read_id}-{index}{_SUFFIXES.get(picture.content_type, _DEFAULT_SUFFIX)}"
            for index, picture in enumerate(parsed.pictures)
        ]
        await asyncio.to_thread(_write_pictures, paths, list(parsed.pictures))
        image_ref = paths[0].as_uri()
        return parsed._replace(
            reads=[msgspec.structs.replace(read, image_ref=image_ref) for read in parsed.reads]
        )


def _safe_name(text: str) -> str:
    """Return a name for a file or folder: text that was received must not lead out of the folder."""
    safe = all(char.isascii() and (char.isalnum() or char in "-_") for char in text)
    return text if safe else xxhash.xxh3_128_hexdigest(text.encode())


def _write_pictures(paths: list[Path], pictures: list[Picture]) -> None:
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture.content)
