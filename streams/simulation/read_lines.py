"""Reads (`streams.records.read.Read`) and the truth about them as JSON lines."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import EvidenceKind
from streams.simulation.jsonl_columns import (
    Abbreviation,
    ByteColumn,
    LazyColumn,
    format_digits,
    format_times,
    frame_rows,
    join_columns,
    mask_rows,
    text_table,
)
from streams.simulation.recogniser import FULL_CONFIDENCE, MAX_ALTERNATIVES, SimulatedReads
from streams.simulation.trips import MAX_KMH

_DECIMALS: Final = text_table([str(number / FULL_CONFIDENCE) for number in range(FULL_CONFIDENCE + 1)])
_TENTHS: Final = text_table([str(number / 10) for number in range(int(MAX_KMH) * 10 + 1)])
_PERCENT: Final = text_table([str(number / 100) for number in range(101)])
_CHAR: Final = Abbreviation(b"\x01", b'{"char":"')
_SHARE: Final = Abbreviation(b"\x02", b'","confidence":')
_ALTERNATIVE: Final = np.frombuffer(
    b"," + _CHAR.char + b"\0" + _SHARE.char + b"\0" * _DECIMALS.shape[1] + b"}", dtype=np.uint8
)
_CHAR_OFFSET: Final = _ALTERNATIVE.tobytes().index(_CHAR.char) + 1
"""Offset of the character in it, before the separator and the confidence."""


class ReadColumns(NamedTuple):
    """The parts of n lines of reads, without the recogniser's output.

    `country` and `appearance` are whole JSON fields after a comma, empty if not recognised;
    `appearance_confidence` is in hundredths.
    """

    read_id: ByteColumn
    camera: ByteColumn
    captured_ms: NDArray[np.int64]
    country: ByteColumn
    appearance: ByteColumn
    appearance_confidence: NDArray[np.uint8]
    kmh: NDArray[np.float64]
    late: NDArray[np.bool_]


def read_lines(reads: ReadColumns, recognised: SimulatedReads, detail: EvidenceKind) -> bytes:
    """Return the lines; `detail` is how much the recogniser reports about each read."""
    count = len(reads.read_id)
    columns: list[ByteColumn | LazyColumn | bytes] = [
        b'{"read_id":"', reads.read_id,
        b'","camera_id":"', reads.camera,
        b'","captured_at":"', format_times(reads.captured_ms),
        b'","plate":"', recognised.text,
        b'"', reads.country,
    ]  # fmt: skip
    if detail != "bare":
        columns += [b',"confidence":', _DECIMALS[recognised.confidence]]
    if detail in ("full", "characters"):
        columns += [b',"char_confidences":[', _confidence_column(recognised), b"]"]
    if detail == "full":
        columns += [
            b',"candidates":[',
            _candidate_column(recognised),
            b'],"char_alternatives":[',
            _alternative_column(recognised),
            b"]",
        ]
    has_appearance = np.any(reads.appearance, axis=1)
    return join_columns(
        count,
        *columns,
        b',"direction":"approaching","speed_kmh":',
        _TENTHS[np.rint(reads.kmh * 10).astype(np.intp)],
        frame_rows(b',"vehicle":{', reads.appearance[:, 1:], b',"confidence":', has_appearance),
        frame_rows(b"", _PERCENT[reads.appearance_confidence], b"}", has_appearance),
        mask_rows(reads.late, text_table([',"retransmitted":true']).repeat(count, axis=0)),
        b"}\n",
        abbreviations=(_CHAR, _SHARE),
    )


def _text_width(recognised: SimulatedReads) -> int:
    return int((recognised.text > 0).sum(axis=1).max(initial=1))


def _confidence_column(recognised: SimulatedReads) -> LazyColumn:
    width = _text_width(recognised)
    cell_width = 1 + _DECIMALS.shape[1]

    def fill(rows: ByteColumn) -> None:
        inside = recognised.text[:, :width] > 0
        cells = rows.reshape(len(rows), width, cell_width)
        cells[:, 1:, 0] = ord(",") * inside[:, 1:]
        np.multiply(
            _DECIMALS[recognised.char_confidences[:, :width]], inside[:, :, None], out=cells[:, :, 1:]
        )

    return LazyColumn(width * cell_width, fill)


def _candidate_column(recognised: SimulatedReads) -> ByteColumn:
    is_reported = recognised.candidate_confidences > 0
    comma = np.frombuffer(b",", dtype=np.uint8)
    columns = []
    for rank in range(is_reported.shape[1]):
        mask: NDArray[np.bool_] = is_reported[:, rank]
        is_later: NDArray[np.bool_] = is_reported[:, :rank].any(axis=1) & mask
        columns += [
            comma * is_later[:, None],
            frame_rows(b'{"plate":"', recognised.candidates[:, rank], _SHARE.char, mask),
            frame_rows(b"", _DECIMALS[recognised.candidate_confidences[:, rank]], b"}", mask),
        ]
    return np.concatenate(columns, axis=1)


def _alternative_column(recognised: SimulatedReads) -> LazyColumn:
    width = _text_width(recognised)
    cell_width = 3 + MAX_ALTERNATIVES * len(_ALTERNATIVE)

    def fill(rows: ByteColumn) -> None:
        inside = recognised.text[:, :width] > 0
        cells = rows.reshape(len(rows), width, cell_width)
        cells[:, 1:, 0] = ord(",") * inside[:, 1:]
        cells[:, :, 1] = ord("[") * inside
        cells[:, :, -1] = ord("]") * inside
        confidences = recognised.alternative_confidences[:, :width]
        row, position = np.nonzero((confidences > 0).any(axis=2))
        is_reported = confidences[row, position] > 0
        chars = _ALTERNATIVE * is_reported[:, :, None]
        # All but the first reported alternative follow a comma.
        chars[:, :, 0] *= np.cumsum(is_reported, axis=1) > 1
        chars[:, :, _CHAR_OFFSET] = recognised.alternatives[row, position] * is_reported
        decimals = _DECIMALS[confidences[row, position]]
        chars[:, :, _CHAR_OFFSET + 2 : -1] = decimals * is_reported[:, :, None]
        cells[row, position, 2:-1] = chars.reshape(len(is_reported), -1)

    return LazyColumn(width * cell_width, fill)


class TruthColumns(NamedTuple):
    """The parts of n lines of truth; `alert`, `clone_of` and `appearance` are JSON fields after a comma."""

    read_id: ByteColumn
    vehicle: NDArray[np.int64]
    plate: ByteColumn
    country: ByteColumn
    quality: ByteColumn
    site: ByteColumn
    passed_ms: NDArray[np.int64]
    passage: NDArray[np.int64]
    appearance: ByteColumn
    alert: ByteColumn
    clone_of: ByteColumn


def truth_lines(truth: TruthColumns) -> bytes:
    """Return the lines, each a `Truth`."""
    return join_columns(
        len(truth.read_id),
        b'{"read_id":"', truth.read_id,
        b'","vehicle_id":"v', format_digits(truth.vehicle, 8),
        b'","passage_id":"p', format_digits(truth.passage, 8),
        b'","plate":"', truth.plate,
        b'","country":"', truth.country,
        b'","quality":"', truth.quality,
        b'","site_id":"', truth.site,
        b'","passed_at":"', format_times(truth.passed_ms),
        b'","vehicle":{', truth.appearance[:, 1:],
        b"}", truth.alert,
        truth.clone_of,
        b"}\n",
    )  # fmt: skip


class PassageColumns(NamedTuple):
    """The parts of n lines of passages."""

    passage: NDArray[np.int64]
    vehicle: NDArray[np.int64]
    trip: NDArray[np.int64]
    site: ByteColumn
    passed_ms: NDArray[np.int64]
    read: NDArray[np.bool_]


def passage_lines(passages: PassageColumns) -> bytes:
    """Return the lines, each a `TruePassage`."""
    return join_columns(
        len(passages.passage),
        b'{"passage_id":"p', format_digits(passages.passage, 8),
        b'","vehicle_id":"v', format_digits(passages.vehicle, 8),
        b'","trip_id":"t', format_digits(passages.trip, 8),
        b'","site_id":"', passages.site,
        b'","passed_at":"', format_times(passages.passed_ms),
        b'","read":', text_table(["false", "true"])[passages.read.astype(np.intp)],
        b"}\n",
    )  # fmt: skip
