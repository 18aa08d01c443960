"""Build the example's reads, alerts, verdicts and truth from a file of real OCR reads.

    python -m tools.build_example OCR_READS.jsonl.gz

The misreads are real: a recogniser's reads of drawn plates. Invented are the times and places at which the
plates pass, and the alerts. Plates are listed so that every kind of misread occurs; their proportions are not
those of a recogniser.
"""

import gzip
import json
import random
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.plates.confusables import BUILTIN_CLASSES
from streams.records.alert import Alert
from streams.records.decode import decode_alert, decode_reads
from streams.records.hit import compute_hit_id
from streams.records.read import Read
from streams.records.times import HOUR_MS, to_rfc3339

EXAMPLE_FOLDER = Path(__file__).parents[1] / "deploy" / "example"
SEED = 20160201
VEHICLES = 6000
START = datetime(2026, 5, 21, 16, tzinfo=UTC)
HOURS = 2
CAMERAS = (
    "neuville-1", "rekkem-1", "camphin-1", "lamain-1",
    "saint-aybert-1", "hensies-1", "ghyvelde-1", "adinkerke-1",
)  # fmt: skip
OFFLINE_CAMERA = "hensies-1"
"""The link of this camera is down for a while; the camera sends its reads afterwards."""


class ListEntry(NamedTuple):
    """A list, and what its alerts have in common."""

    list_id: str
    basis: str
    reason: str
    action: dict[str, str]
    priority: int


LISTS = (
    ListEntry("sis-36", "SIS-36-discreet", "discreet check on a vehicle", {"default": "discreet-check"}, 1),
    ListEntry("sis-38", "SIS-38-seizure", "stolen vehicle", {"default": "seize", "FR": "stop"}, 2),
    ListEntry(
        "be-national", "NATIONAL", "vehicle of a wanted person", {"default": "inform", "BE": "stop"}, 3
    ),
)
PATTERN_LIST = ListEntry("joint-operation", "OPERATION", "seen at a theft", {"default": "stop"}, 2)

Row = dict[str, Any]


def main(path: str) -> None:
    """Write the files of the example."""
    rng = random.Random(SEED)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = rng.sample([json.loads(line) for line in file], VEHICLES)
    times = sorted(START + timedelta(milliseconds=rng.randrange(HOURS * HOUR_MS)) for _ in rows)
    listed = _choose_listed(rows, rng)
    reads = [
        read
        for row, time in zip(rows, times, strict=True)
        for read in _build_reads(row, time, rng.choice(CAMERAS), rng, row["read_id"] in listed)
    ]
    alerts = _build_alerts(rows, listed, times)
    _write_rows(
        EXAMPLE_FOLDER / "reads.jsonl.gz",
        _delay_offline_reads(sorted(reads, key=lambda read: read["captured_at"])),
    )
    _write_rows(EXAMPLE_FOLDER / "alerts.jsonl", alerts)
    _write_rows(EXAMPLE_FOLDER / "verdicts.jsonl", _build_verdicts(reads, alerts))
    truth = [
        {
            "read_id": row["read_id"],
            "plate": row["truth"],
            "country": _iso_country(row),
            "kind": listed[row["read_id"]],
        }
        for row in rows
        if row["read_id"] in listed
    ]
    _write_rows(EXAMPLE_FOLDER / "truth.jsonl", truth)


def _iso_country(row: Row) -> str:
    return {"UK": "GB"}.get(row["country"], row["country"])


def _classify_read(row: Row) -> str:
    """Return how the recogniser read the plate."""
    if row["read"] == row["truth"]:
        return "read right"
    if len(row["read"]) == len(row["truth"]):
        edits = [pair for pair in zip(row["read"], row["truth"], strict=True) if pair[0] != pair[1]]
        if all(read in BUILTIN_CLASSES.class_for(true) for read, true in edits):
            return "confusable"
    return "misread beyond confusable characters"


def _choose_listed(rows: list[Row], rng: random.Random) -> dict[str, str]:
    """Choose the listed vehicles: 20 read right, 20 confusable, 8 misread beyond that; return their kinds."""
    listed: dict[str, str] = {}
    for kind, count in (("read right", 20), ("confusable", 20), ("misread beyond confusable characters", 8)):
        candidates = [row for row in rows if _classify_read(row) == kind]
        listed.update((row["read_id"], kind) for row in rng.sample(candidates, count))
    return listed


def _build_reads(row: Row, time: datetime, camera: str, rng: random.Random, listed: bool) -> Iterable[Row]:
    read = {
        "read_id": row["read_id"],
        "camera_id": camera,
        "captured_at": to_rfc3339(time),
        "plate": row["read"],
        "country": _iso_country(row),
        "confidence": row["confidence"],
        "char_confidences": row["char_confidences"],
        "candidates": [
            {"plate": plate, "confidence": share} for plate, share in row["candidates"][:3] if plate
        ],
        "lane": rng.randrange(1, 4),
        "speed_kmh": round(rng.gauss(105, 14), 1),
    }
    if rng.random() < 0.1:
        del read["country"]  # one read in ten has no country
    if not read["candidates"]:
        del read["candidates"]
    if listed and len(row["candidates"]) > 1:
        # An earlier frame, read as the recogniser's second guess: one passage with two reads.
        second, share = row["candidates"][1]
        earlier = {
            name: value for name, value in read.items() if name not in ("char_confidences", "candidates")
        }
        yield earlier | {
            "read_id": f"{row['read_id']}-1",
            "captured_at": to_rfc3339(time - timedelta(milliseconds=400)),
            "plate": second,
            "confidence": share,
        }
    yield read


def _build_alerts(rows: list[Row], listed: dict[str, str], times: list[datetime]) -> list[Row]:
    alerts = []
    for index, row in enumerate(row for row in rows if row["read_id"] in listed):
        entry = LISTS[index % len(LISTS)]
        alerts.append(_build_alert(entry, f"A{index:03d}", row["plate"], _iso_country(row)))
    unlisted = [row for row in rows if row["syntax"] == "FR_SIV" and row["read_id"] not in listed]
    for index, row in enumerate(unlisted[:5]):
        # Italian entries with the characters of a French plate that passes.
        alerts.append(_build_alert(LISTS[1], f"IT{index:03d}", row["plate"].replace("-", " "), "IT"))
    belgian = next(row for row in rows if row["syntax"] == "BE_2010" and _classify_read(row) == "read right")
    alerts.append(_build_alert(PATTERN_LIST, "P001", belgian["truth"][:5] + "*", "BE"))
    withdrawn = alerts[2]
    middle = times[len(times) // 2]
    return [
        *alerts,
        {
            "list_id": withdrawn["list_id"],
            "alert_id": withdrawn["alert_id"],
            "withdrawn_at": to_rfc3339(middle),
        },
    ]


def _build_alert(entry: ListEntry, alert_id: str, plate: str, country: str) -> Row:
    return {
        "list_id": entry.list_id,
        "alert_id": alert_id,
        "version": 1,
        "plate": plate,
        "country": country,
        "basis": entry.basis,
        "reason": entry.reason,
        "action": entry.action,
        "priority": entry.priority,
        "valid_from": to_rfc3339(START - timedelta(days=30)),
        "valid_until": to_rfc3339(START + timedelta(days=60)),
    }


def _delay_offline_reads(reads: list[Row]) -> list[Row]:
    """Return the reads in order of arrival; one camera is offline for ten minutes and sends late."""
    offline, online = to_rfc3339(START + timedelta(minutes=70)), to_rfc3339(START + timedelta(minutes=80))
    delayed = [
        read
        for read in reads
        if read["camera_id"] == OFFLINE_CAMERA and offline <= read["captured_at"] < online
    ]
    others = [read for read in reads if read not in delayed]
    index = sum(read["captured_at"] < online for read in others)
    return [*others[:index], *({**read, "retransmitted": True} for read in delayed), *others[index:]]


def _build_verdicts(reads: list[Row], alerts: list[Row]) -> list[Row]:
    """Return two verdicts: a confusable hit is the vehicle, the first one of the pattern is not."""
    decoded = [alert for row in alerts if isinstance(alert := decode_alert(orjson.dumps(row)), Alert)]
    matcher = Matcher(MatchingRules())
    by_id = {read["read_id"]: read for read in reads}

    def represents_passage(read: Row, alert: Alert) -> bool:
        frame = by_id.get(f"{read['read_id']}-1", read)
        classes = [getattr(matcher.match(_decode_read(row), alert), "class_", "") for row in (read, frame)]
        return classes[0] == "confusable" and classes[1] != "exact"

    confusable = next(
        (alert, read)
        for alert in decoded
        if alert.list_id.startswith("sis")
        for read in reads
        if not read["read_id"].endswith("-1") and represents_passage(read, alert)
    )
    pattern = next(
        (alert, read)
        for alert in decoded
        if alert.plate.endswith("*")
        for read in reads
        if read["plate"].startswith(alert.plate[:-1])
    )
    return [
        _build_verdict(*confusable, "confirmed", "the picture shows the listed vehicle"),
        _build_verdict(*pattern, "rejected", "another vehicle of the same series"),
    ]


def _decode_read(row: Row) -> Read:
    return decode_reads([orjson.dumps(row)]).reads[0]


def _build_verdict(alert: Alert, read: Row, verdict: str, reason: str) -> Row:
    time = datetime.fromisoformat(read["captured_at"])
    return {
        "hit_id": compute_hit_id(alert, _decode_read(read)),
        "centre": "ccpd-tournai",
        "verdict": verdict,
        "reason": reason,
        "by": "officer 12",
        "at": to_rfc3339(time + timedelta(minutes=3)),
    }


def _write_rows(path: Path, rows: list[Row]) -> None:
    data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(data, mtime=0))
    else:
        path.write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
