"""The options of `anpr confusions learn`, checked, and the records in the files that they name."""

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
from streams.runtime.errors import InputError

_TRAVEL_WINDOW: Final = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_MAX_ID_LENGTH: Final = 64


class LearnOptions(NamedTuple):
    """The arguments and options of the command, as given."""

    pair_files: tuple[str, ...]
    hit_files: tuple[str, ...]
    verdict_files: tuple[str, ...]
    read_files: tuple[str, ...]
    gap_s: float
    camera_pairs: tuple[tuple[str, str, str], ...]
    output: Path
    source: str
    vendors: Path | None
    base: str | None
    min_pairs: int


class CameraPairOption(NamedTuple):
    """An entry of `--cameras`: the cameras' ids and files, and the travel-time window in seconds."""

    cameras: tuple[str, str]
    files: tuple[str, str]
    min_s: float
    max_s: float


class TrainingInputs(NamedTuple):
    """Files of records to learn from, camera pairs, the vendor of each camera, and the base model."""

    pair_files: tuple[str, ...]
    hit_files: tuple[str, ...]
    verdict_files: tuple[str, ...]
    read_files: tuple[str, ...]
    gap_s: float
    camera_pairs: list[CameraPairOption]
    vendors: dict[str, str]
    base: ConfusionModel | None


def check_options(options: LearnOptions) -> TrainingInputs:
    """Return the inputs that the options name. Raises InputError with all faults, a line each."""
    faults: list[str] = []
    camera_pairs = [_parse_camera_pair(entry, faults) for entry in options.camera_pairs]
    vendors = _read_vendors(options.vendors, faults)
    pairs_only = not options.hit_files and not options.camera_pairs
    base = _load_base_model(options.base or ("none" if pairs_only else "shipped"), faults)
    if pairs_only and not options.pair_files:
        faults.append("nothing to learn from; give PAIRS, --hits or --cameras")
    if not options.hit_files:
        faults += [
            f"{name} without --hits; give the hits that they belong to"
            for name, files in (("--verdicts", options.verdict_files), ("--reads", options.read_files))
            if files
        ]
    if not options.output.parent.is_dir():
        faults.append(
            f"{options.output}: cannot be written (no such folder); give another path with --output"
        )
    if faults:
        raise InputError("\n".join(faults))
    return TrainingInputs(
        options.pair_files,
        options.hit_files,
        options.verdict_files,
        options.read_files,
        options.gap_s,
        [pair for pair in camera_pairs if pair is not None],
        vendors,
        base,
    )


def decode_read_files(
    paths: Sequence[str], rejects: RejectedLines, progress: Callable[[int], None]
) -> Iterator[Read]:
    """Yield the reads in files; add the lines that are none to `rejects`. Raises InputFileError."""

    def decode(line: bytes) -> Read | tuple[Fault, ...]:
        decoded = decode_reads([line])
        if decoded.rejected:
            return decoded.rejected[0].faults
        read = decoded.reads[0]
        try:
            normalise(read.plate)
        except PlateError as error:
            return (Fault("plate", str(error), shown_value(read.plate, "plate")),)
        return read

    return decode_files(paths, decode, rejects, progress)


def _parse_camera_pair(entry: tuple[str, str, str], faults: list[str]) -> CameraPairOption | None:
    """Return an entry of `--cameras`, or None after adding all that is wrong with it to `faults`."""
    count_before = len(faults)
    (first_id, first_file), (second_id, second_file) = (_parse_camera(text, faults) for text in entry[:2])
    if first_id == second_id:
        faults.append(f"--cameras: {first_id!r} is named twice; name the two cameras of one road")
    window = _TRAVEL_WINDOW.fullmatch(entry[2])
    min_s, max_s = (float(window[1]), float(window[2])) if window else (0.0, 0.0)
    if not min_s < max_s:
        faults.append(
            f"--cameras: {entry[2]!r} is not a travel-time window; write the minimum and the maximum of "
            "seconds from the first camera to the second, for example 600:1500"
        )
    if len(faults) > count_before:
        return None
    return CameraPairOption((first_id, second_id), (first_file, second_file), min_s, max_s)


def _parse_camera(text: str, faults: list[str]) -> tuple[str, str]:
    camera_id, _, path = text.partition("=")
    if not camera_id or not path or len(camera_id) > _MAX_ID_LENGTH:
        faults.append(f"--cameras: {text!r} is not CAMERA=FILE; write for example c-12=reads.jsonl")
    elif path != "-" and not Path(path).is_file():
        faults.append(f"--cameras: {path}: no such file; name the file with the reads of {camera_id}")
    return camera_id, path


def _read_vendors(path: Path | None, faults: list[str]) -> dict[str, str]:
    """Return the vendor of each camera from a TOML file; add all that is wrong to `faults`."""
    if path is None:
        return {}
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"--makers: {path}: cannot be read ({error}); name a TOML file")
        return {}
    except tomllib.TOMLDecodeError as error:
        faults.append(f'--makers: {path}: is not TOML ({error}); write lines such as "c-12" = "maker"')
        return {}
    vendors = {camera: vendor for camera, vendor in rows.items() if isinstance(vendor, str) and vendor}
    faults += [
        f'--makers: {path}: {camera}: must be the name of a vendor, got {value!r}; write "{camera}" = "maker"'
        for camera, value in rows.items()
        if camera not in vendors
    ]
    faults += [
        f"--makers: {path}: {vendor!r} is a camera and a vendor; give the vendor another name"
        for vendor in sorted(set(vendors.values()) & vendors.keys())
    ]
    return vendors


def _load_base_model(name: str, faults: list[str]) -> ConfusionModel | None:
    """Return the model that `--base` names, None for `none`; add to `faults` if it cannot be loaded."""
    if name == "none":
        return None
    try:
        return (builtin_models() if name == "shipped" else load_models(Path(name))).general
    except ModelError as error:
        faults.append(f"--base: {error}")
    except OSError as error:
        faults.append(
            f"--base: {name}: cannot be read ({error.strerror}); name a model's file, shipped or none"
        )
    return None
