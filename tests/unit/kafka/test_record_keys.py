"""The key of an alert's records, and the partition that Kafka's clients choose for it."""

import pytest
from aiokafka.partitioner import DefaultPartitioner

from streams.kafka.record_keys import decode_alert_key, encode_alert_key, partition_of


def test_a_key_decodes_to_the_alert_it_was_encoded_from() -> None:
    key = ("sis", "a/1")
    assert encode_alert_key(key) == b"sis/a/1"
    assert decode_alert_key(b"sis/a/1") == key


@pytest.mark.parametrize("key", [None, b"", b"sis", b"/a1", b"sis/", b"\xff/a1", b"sis/" + b"a" * 65])
def test_bytes_that_name_no_alert_decode_to_none(key: bytes | None) -> None:
    assert decode_alert_key(key) is None


def test_a_key_goes_to_the_partition_that_the_client_chooses() -> None:
    choose, partitions = DefaultPartitioner(), list(range(8))
    for number in range(200):
        key = f"sis/a{number}".encode()
        assert partition_of(key, 8) == choose(key, partitions, partitions)
