"""Reads as JSON lines (`streams.records.read.Read`), and the truth about each."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import Kind
from streams.simulation.jsonl_columns import Bytes, Filled, Short, digits, framed, joined, table, times, where
from streams.simulation.recogniser import ONE, OTHERS, Recognised
from streams.simulation.trips import FASTEST_KMH

_DECIMALS: Final = table([str(number / ONE) for number in range(ONE + 1)])
_TENTHS: Final = table([str(number / 10) for number in range(int(FASTEST_KMH) * 10 + 1)])
_PERCENT: Final = table([str(number / 100) for number in range(101)])
_CHAR: Final = Short(b"\x01", b'{"char":"')
_SHARE: Final = Short(b"\x02", b'","confidence":')
_ALTERNATIVE: Final = np.frombuffer(
    b"," + _CHAR.char + b"\0" + _SHARE.char + b"\0" * _DECIMALS.shape[1] + b"}", dtype=np.uint8
)
_AT: Final = _ALTERNATIVE.tobytes().index(_CHAR.char) + 1
"""Where the character stands in it, the separator and the confidence behind it."""


class ReadColumns(NamedTuple):
    """What lines of n reads are made of beside the text; the bytes are columns as in `lines`.

    `captured` is in ms since 1970 UTC; `looks_sure` in hundredths; `country` and `looks` are whole fields
    with the comma before them, empty where nothing was read.
    """

    read_id: Bytes
    camera: Bytes
    captured: NDArray[np.int64]
    country: Bytes
    looks: Bytes
    looks_sure: NDArray[np.uint8]
    kmh: NDArray[np.float64]
    late: NDArray[np.bool_]


def read_lines(reads: ReadColumns, said: Recognised, told: Kind) -> bytes:
    """The lines; `told` is how much the recogniser tells of each read."""
    count = len(reads.read_id)
    plain: list[Bytes | Filled | bytes] = [
        b'{"read_id":"', reads.read_id,
        b'","camera_id":"', reads.camera,
        b'","captured_at":"', times(reads.captured),
        b'","plate":"', said.text,
        b'"', reads.country,
    ]  # fmt: skip
    if told != "bare":
        plain += [b',"confidence":', _DECIMALS[said.whole]]
    if told in ("full", "characters"):
        plain += [b',"char_confidences":[', _confidences(said), b"]"]
    if told == "full":
        plain += [
            b',"candidates":[',
            _candidates(said),
            b'],"char_alternatives":[',
            _alternatives(said),
            b"]",
        ]
    seen = np.any(reads.looks, axis=1)
    return joined(
        count,
        *plain,
        b',"direction":"approaching","speed_kmh":',
        _TENTHS[np.rint(reads.kmh * 10).astype(np.intp)],
        framed(b',"vehicle":{', reads.looks[:, 1:], b',"confidence":', seen),
        framed(b"", _PERCENT[reads.looks_sure], b"}", seen),
        where(reads.late, table([',"retransmitted":true']).repeat(count, axis=0)),
        b"}\n",
        shorts=(_CHAR, _SHARE),
    )


def _width(said: Recognised) -> int:
    return int((said.text > 0).sum(axis=1).max(initial=1))


def _confidences(said: Recognised) -> Filled:
    width = _width(said)
    each = 1 + _DECIMALS.shape[1]

    def fill(rows: Bytes) -> None:
        inside = said.text[:, :width] > 0
        cells = rows.reshape(len(rows), width, each)
        cells[:, 1:, 0] = ord(",") * inside[:, 1:]
        np.multiply(_DECIMALS[said.sure[:, :width]], inside[:, :, None], out=cells[:, :, 1:])

    return Filled(width * each, fill)


def _candidates(said: Recognised) -> Bytes:
    named = said.candidate_sure > 0
    comma = np.frombuffer(b",", dtype=np.uint8)
    columns = []
    for place in range(named.shape[1]):
        here: NDArray[np.bool_] = named[:, place]
        before: NDArray[np.bool_] = named[:, :place].any(axis=1) & here
        columns += [
            comma * before[:, None],
            framed(b'{"plate":"', said.candidates[:, place], _SHARE.char, here),
            framed(b"", _DECIMALS[said.candidate_sure[:, place]], b"}", here),
        ]
    return np.concatenate(columns, axis=1)


def _alternatives(said: Recognised) -> Filled:
    width = _width(said)
    each = 3 + OTHERS * len(_ALTERNATIVE)

    def fill(rows: Bytes) -> None:
        inside = said.text[:, :width] > 0
        cells = rows.reshape(len(rows), width, each)
        cells[:, 1:, 0] = ord(",") * inside[:, 1:]
        cells[:, :, 1] = ord("[") * inside
        cells[:, :, -1] = ord("]") * inside
        sure = said.other_sure[:, :width]
        row, place = np.nonzero((sure > 0).any(axis=2))
        named = sure[row, place] > 0
        chars = _ALTERNATIVE * named[:, :, None]
        # A comma stands before each but the first that is named.
        chars[:, :, 0] *= np.cumsum(named, axis=1) > 1
        chars[:, :, _AT] = said.others[row, place] * named
        chars[:, :, _AT + 2 : -1] = _DECIMALS[sure[row, place]] * named[:, :, None]
        cells[row, place, 2:-1] = chars.reshape(len(named), -1)

    return Filled(width * each, fill)


class TruthColumns(NamedTuple):
    """What the truth about n reads is made of; `passed` in ms since 1970 UTC, the rest columns of bytes.

    `alert`, `clone_of` and `looks` are whole fields with the comma before them.
    """

    read_id: Bytes
    vehicle: NDArray[np.int64]
    plate: Bytes
    country: Bytes
    quality: Bytes
    site: Bytes
    passed: NDArray[np.int64]
    passage: NDArray[np.int64]
    looks: Bytes
    alert: Bytes
    clone_of: Bytes


def truth_lines(truth: TruthColumns) -> bytes:
    """The lines, of which each is a `Truth`."""
    return joined(
        len(truth.read_id),
        b'{"read_id":"', truth.read_id,
        b'","vehicle_id":"v', digits(truth.vehicle, 8),
        b'","passage_id":"p', digits(truth.passage, 8),
        b'","plate":"', truth.plate,
        b'","country":"', truth.country,
        b'","quality":"', truth.quality,
        b'","site_id":"', truth.site,
        b'","passed_at":"', times(truth.passed),
        b'","vehicle":{', truth.looks[:, 1:],
        b"}", truth.alert,
        truth.clone_of,
        b"}\n",
    )  # fmt: skip


class PassageColumns(NamedTuple):
    """What lines of n passages are made of; `passed` in ms since 1970 UTC."""

    passage: NDArray[np.int64]
    vehicle: NDArray[np.int64]
    trip: NDArray[np.int64]
    site: Bytes
    passed: NDArray[np.int64]
    read: NDArray[np.bool_]


def passage_lines(passages: PassageColumns) -> bytes:
    """The lines, of which each is a `TruePassage`."""
    return joined(
        len(passages.passage),
        b'{"passage_id":"p', digits(passages.passage, 8),
        b'","vehicle_id":"v', digits(passages.vehicle, 8),
        b'","trip_id":"t', digits(passages.trip, 8),
        b'","site_id":"', passages.site,
        b'","passed_at":"', times(passages.passed),
        b'","read":', table(["false", "true"])[passages.read.astype(np.intp)],
        b"}\n",
    )  # fmt: skip
