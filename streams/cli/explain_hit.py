"""The explanation of an emitted hit, found by its id in files or on Kafka, for `anpr explain`."""

from collections.abc import Iterator

from streams.cli.common.hit_block import hit_block
from streams.cli.common.hit_lookup import HitLookup
from streams.cli.common.record_sources import TopicRecords, read_files
from streams.cli.common.text import labelled
from streams.records.decode import decode_hit
from streams.records.hit import Hit
from streams.settings.model import Settings


def find_hit_in_files(first_digits: str, files: tuple[str, ...]) -> Hit:
    """Return the latest revision of a hit in files. Raises InputError if it is not there."""
    lookup = HitLookup(first_digits)
    read_files("hits", files, decode_hit, lookup.add)
    return lookup.find()


def find_hit_on_kafka(first_digits: str, settings: Settings) -> Hit:
    """Return the latest revision of a hit on Kafka. Raises InputError if it is not there, or ScanError."""
    lookup = HitLookup(first_digits)
    TopicRecords(settings, "explain").read_hits(None, lookup.add)
    return lookup.find()


def format_hit(hit: Hit) -> Iterator[str]:
    """Yield the block of a hit, with what its posterior is computed from and the rules applied."""
    yield from hit_block(hit, complete=True)
    for index, reason in enumerate(hit.match.reasons):
        yield from labelled("" if index else "reasons", reason)
    yield from labelled("rules", ", ".join(hit.rules) or "none")
    yield from labelled("notified", ", ".join(hit.audience) or "no centre")
    yield from labelled("hit id", f"{hit.hit_id}, revision {hit.revision}")
