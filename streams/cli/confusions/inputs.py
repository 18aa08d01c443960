"""What `anpr confusions learn` is given: files of records, and options that name cameras and makers."""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from streams.cli.common.record_sources import decode_files
from streams.cli.common.rejected_lines import RejectedLines
from streams.confusions.model import ConfusionModel, ModelError, builtin_models, load_models
from streams.plates.normal_form import PlateError, normalise
from streams.records.decode import decode_reads
from streams.records.faults import Fault, shown_value
from streams.records.read import Read

_TRAVEL_WINDOW: Final = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_MAX_ID_LENGTH: Final = 64


class CameraPairOption(NamedTuple):
    """An entry of `--cameras`: the cameras' ids and files, and the travel-time window in seconds."""

    cameras: tuple[str, str]
    files: tuple[str, str]
    min_s: float
    max_s: float


def parse_camera_pair(entry: tuple[str, str, str]) -> CameraPairOption | list[str]:
    """An entry of `--cameras`, or all that is wrong with it."""
    faults = []
    ends = []
    for text in entry[:2]:
        camera, _, path = text.partition("=")
        if not camera or not path or len(camera) > _MAX_ID_LENGTH:
            faults.append(f"--cameras: {text!r} is not CAMERA=FILE; write for example c-12=reads.jsonl")
        elif path != "-" and not Path(path).is_file():
            faults.append(f"--cameras: {path}: no such file; name the file with the reads of {camera}")
        ends.append((camera, path))
    if ends[0][0] == ends[1][0]:
        faults.append(f"--cameras: {ends[0][0]!r} is named twice; name the two cameras of one road")
    window = _TRAVEL_WINDOW.fullmatch(entry[2])
    if window is None or not float(window[1]) < float(window[2]):
        faults.append(
            f"--cameras: {entry[2]!r} is no travel-time window; write the least and the most seconds from "
            "the first camera to the second, for example 600:1500"
        )
    if faults or window is None:
        return faults
    (one, other), (first, second) = zip(*ends, strict=True)
    return CameraPairOption((one, other), (first, second), float(window[1]), float(window[2]))


def read_makers(path: Path | None) -> dict[str, str] | list[str]:
    """The maker of each camera from a TOML file, or all that is wrong with it."""
    if path is None:
        return {}
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return [f"--makers: {path}: cannot be read ({error}); name a TOML file"]
    except tomllib.TOMLDecodeError as error:
        return [f'--makers: {path}: is no TOML ({error}); write lines such as "c-12" = "maker"']
    makers = {camera: maker for camera, maker in rows.items() if isinstance(maker, str) and maker}
    faults = [
        f'--makers: {path}: {camera}: is a maker\'s name, got {value!r}; write "{camera}" = "maker"'
        for camera, value in rows.items()
        if camera not in makers
    ]
    faults += [
        f"--makers: {path}: {maker!r} is a camera and a maker; give the maker another name"
        for maker in sorted(set(makers.values()) & makers.keys())
    ]
    return faults or makers


def load_base_model(name: str | None, pairs_only: bool) -> ConfusionModel | list[str] | None:
    """The base model that `--base` names, or what is wrong; by default none where pairs are `alone`."""
    name = name or ("none" if pairs_only else "shipped")
    if name == "none":
        return None
    try:
        return (builtin_models() if name == "shipped" else load_models(Path(name))).general
    except ModelError as error:
        return [f"--base: {error}"]
    except OSError as error:
        return [f"--base: {name}: cannot be read ({error.strerror}); name a model's file, shipped or none"]


def decode_read_files(
    paths: Sequence[str], rejects: RejectedLines, progress: Callable[[int], None]
) -> Iterator[Read]:
    """The reads in files; lines that are none are reported. Raises FileError."""

    def decode(line: bytes) -> Read | tuple[Fault, ...]:
        found = decode_reads([line])
        if found.rejected:
            return found.rejected[0].faults
        try:
            normalise(found.reads[0].plate)
        except PlateError as error:
            return (Fault("plate", str(error), shown_value(found.reads[0].plate, "plate")),)
        return found.reads[0]

    return decode_files(paths, decode, rejects, progress)
