"""Pictures: kept in a folder if there is one, and named in the reads; they never go to Kafka."""

import asyncio
from pathlib import Path
from typing import Final

import xxhash

from streams.gateway.event import Event, ParsedEvent, Picture
from streams.gateway.intake import with_image_ref
from streams.records.times import from_ms

_SUFFIXES: Final = {"image/png": ".png", "image/bmp": ".bmp", "image/webp": ".webp"}


class PictureStore:
    """A folder of pictures: one below it for each camera and UTC day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    async def store_pictures(self, camera_id: str, event: Event, parsed: ParsedEvent) -> ParsedEvent:
        """Writes the pictures of an event that has reads; the reads then name the first of them.

        Raises OSError if they cannot be written.
        """
        folder = self._folder / _safe_name(camera_id) / from_ms(event.arrived_ms).date().isoformat()
        paths = [
            folder
            / f"{_safe_name(parsed.reads[0].read_id)}-{number}{_SUFFIXES.get(each.content_type, '.jpg')}"
            for number, each in enumerate(parsed.pictures)
        ]
        await asyncio.to_thread(_write_pictures, paths, list(parsed.pictures))
        return with_image_ref(parsed, paths[0].as_uri())


def _safe_name(text: str) -> str:
    """A name for a file or folder: what is sent must not lead out of the folder."""
    plain = all(char.isascii() and (char.isalnum() or char in "-_") for char in text)
    return text if plain else xxhash.xxh3_128_hexdigest(text.encode())


def _write_pictures(paths: list[Path], pictures: list[Picture]) -> None:
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture.content)
