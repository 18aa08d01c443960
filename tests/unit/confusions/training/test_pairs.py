"""Training pairs as JSON lines."""

import pytest

from streams.confusions.training.pairs import TrainingPair, decode_pair


def test_a_pair_is_decoded() -> None:
    pair = decode_pair(b'{"truth":"AB-123-CD","country":"FR","plate":"AB123C0"}')
    assert isinstance(pair, TrainingPair)
    assert pair.true_plate == "AB123CD"


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"{", [""]),
        (b"[]", [""]),
        (b'{"truth":"AB 1","country":"fr"}', ["country", "plate"]),
        (b'{"truth":"!","country":"FR","plate":"?"}', ["truth", "plate"]),
        (b"\xff", [""]),
    ],
)
def test_every_fault_of_a_line_is_reported(line: bytes, fields: list[str]) -> None:
    faults = decode_pair(line)
    assert isinstance(faults, tuple)
    assert sorted(fault.field for fault in faults) == sorted(fields)
