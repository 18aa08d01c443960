"""Made-up traffic and lists for the benchmark: plates of four countries, reads and alerts as JSON."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

from streams.records.times import to_rfc3339

BEGINS = datetime(2026, 5, 21, tzinfo=UTC)
"""When the first read was captured."""
READ_INTERVAL = timedelta(milliseconds=20)
SEED = 5
"""Of the alerts, so that reads of listed plates can be made."""
BATCH = 4_000
LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
ISSUED = "ABCDEFG"
"""The first letters of French plates that have been issued."""
DUTCH = "BDFGHJKLNPRSTVXZ"
"""The letters of Dutch plates of today."""
_CONFIDENCES = (
    (0.6, 0.999, 1.0),
    (0.22, 0.99, 0.999),
    (0.08, 0.95, 0.99),
    (0.04, 0.9, 0.95),
    (0.02, 0.8, 0.9),
    (0.02, 0.5, 0.8),
    (0.02, 0.3, 0.5),
)
"""The share of reads, and from which to which confidence."""
COLOURS = ("black", "white", "grey", "blue", "red", "green")
MAKES = ("PEUGEOT", "RENAULT", "VOLKSWAGEN", "BMW", "CITROEN", "MERCEDES-BENZ", "OPEL", "FORD")


def plates(count: int, seed: int, *, listed: bool) -> list[tuple[str, str]]:
    """`count` plates as printed, with their country: FR 45 %, BE 35 %, NL 10 %, DE 10 %.

    Listed plates have even numbers and the rest of the traffic odd ones, so that the share of listed plates
    is what is asked for, however long the lists.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.random(count)
    letters = np.array(list(LETTERS))[rng.integers(0, len(LETTERS), (count, 4))]
    numbers = rng.integers(0, 500, (count, 2)) * 2 + (0 if listed else 1)
    found = []
    for kind, (a, b, c, d), (m, _) in zip(kinds.tolist(), letters.tolist(), numbers.tolist(), strict=True):
        if kind < 0.45:
            found.append((f"{_one_of(ISSUED, a)}{b}-{m:03d}-{c}{d}", "FR"))
        elif kind < 0.80:
            found.append((f"1-{a}{b}{c}-{m:03d}", "BE"))
        elif kind < 0.90:
            found.append((f"{_one_of(DUTCH, a)}{_one_of(DUTCH, b)}-{m:03d}-{_one_of(DUTCH, c)}", "NL"))
        else:
            found.append((f"{a}{b} {c}{d} {1000 + m}", "DE"))
    return found


def _one_of(letters: str, letter: str) -> str:
    return letters[LETTERS.index(letter) % len(letters)]


def alerts(count: int, seed: int) -> Iterator[list[bytes]]:
    """`count` alerts as JSON, in batches of 10,000."""
    done = 0
    while done < count:
        size = min(10_000, count - done)
        yield [
            (
                f'{{"list_id":"sis-vehicles","alert_id":"V{done + place:09d}","version":1,"plate":"{plate}",'
                f'"country":"{country}","basis":"SIS-38-seizure","reason":"stolen vehicle",'
                '"action":{"default":"seize"},"priority":2,"valid_from":"2026-01-01T00:00:00Z",'
                '"valid_until":"2090-01-01T00:00:00Z"}'
            ).encode()
            for place, (plate, country) in enumerate(plates(size, seed + done, listed=True))
        ]
        done += size


def confidence(rng: random.Random) -> float:
    """A recogniser's confidence in a plate, as in the real reads of tests/data: mostly over 0.999."""
    at = rng.random()
    for share, low, high in _CONFIDENCES:
        if at < share:
            return round(rng.uniform(low, high), 4)
        at -= share
    return 0.9995


def batches_of(records: list[bytes]) -> list[list[bytes]]:
    """Records in batches of 4,000."""
    return [records[start : start + BATCH] for start in range(0, len(records), BATCH)]


def rich(records: list[bytes], seed: int) -> list[bytes]:
    """The same reads with the vehicle, a confidence per character and three candidates, about 470 bytes."""
    rng = random.Random(seed)
    found = []
    for record in records:
        read = orjson.loads(record)
        letters = sum(char.isalnum() for char in read["plate"])
        read["vehicle"] = {"make": rng.choice(MAKES), "colour": rng.choice(COLOURS), "type": "car"}
        read["char_confidences"] = [round(rng.uniform(0.8, 1), 4) for _ in range(letters)]
        read["candidates"] = [
            {"plate": read["plate"], "confidence": round(rng.random(), 4)} for _ in range(3)
        ]
        found.append(orjson.dumps(read))
    return found


def reads(count: int, seed: int, listed: float, listed_count: int, begins: datetime = BEGINS) -> list[bytes]:
    """`count` reads as JSON, about 230 bytes each, one every 20 ms from `begins` on.

    The share `listed` of them has the plate of one of the first 10,000 of `listed_count` alerts.
    """
    rng = random.Random(seed)
    pool = plates(min(listed_count, 10_000), SEED, listed=True)
    traffic = plates(count, seed + 1_000_003, listed=False)
    found = []
    for place, (plate, country) in enumerate(traffic):
        if rng.random() < listed:
            plate, country = rng.choice(pool)
        found.append(
            orjson.dumps(
                {
                    "read_id": f"r{place:09d}",
                    "camera_id": f"rekkem-a22-{place % 4}",
                    "captured_at": to_rfc3339(begins + place * READ_INTERVAL),
                    "plate": plate,
                    "country": country,
                    "confidence": confidence(rng),
                    "lane": 1 + place % 3,
                    "direction": "approaching",
                    "speed_kmh": round(rng.uniform(60, 130), 1),
                    "image_ref": f"lapi://rekkem/{place:09d}.jpg",
                }
            )
        )
    return found
