"""The example: it shows what it is to show, and the figures in the README are true."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "deploy" / "example"
ANPR = str(Path(sys.executable).with_name("anpr"))


def latest_revisions(config: Path) -> list[dict[str, dict[str, str]]]:
    """Return the latest revision of each hit of a replay of the example."""
    command = [ANPR, "replay", "--config", str(config), "--alerts", str(EXAMPLE / "alerts.jsonl")]
    command += ["--reads", str(EXAMPLE / "reads.jsonl.gz"), "--verdicts", str(EXAMPLE / "verdicts.jsonl")]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return list({hit["hit_id"]: hit for hit in map(json.loads, lines)}.values())


def replayed(config: Path) -> list[dict[str, dict[str, str]]]:
    """Return the hits active at the end of a replay of the example."""
    return [hit for hit in latest_revisions(config) if hit["kind"] != "withdrawn"]


def vehicles_found(config: Path) -> Counter[str]:
    """Return how many of the listed vehicles that passed have an active hit, by how they were read."""
    hits = {hit["read"]["read_id"].removesuffix("-1") for hit in replayed(config)}
    truth = map(json.loads, (EXAMPLE / "truth.jsonl").read_text("utf-8").splitlines())
    return Counter(row["kind"] for row in truth if row["read_id"] in hits)


def test_the_readme_has_the_number_of_listed_vehicles_found() -> None:
    found = vehicles_found(EXAMPLE / "config.toml")
    assert found == {
        "read right": 20,
        "confusable": 18,
        "misread beyond confusable characters": 3,
    }
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"{sum(found.values())} of the 48 listed vehicles that passed have an active hit" in readme


def test_its_verdicts_are_on_its_hits() -> None:
    verdicts = [
        hit["verdict"]["verdict"] for hit in latest_revisions(EXAMPLE / "config.toml") if "verdict" in hit
    ]
    assert sorted(verdicts) == ["confirmed", "rejected"]


def test_a_wider_mode_finds_more_vehicles(tmp_path: Path) -> None:
    text = (EXAMPLE / "config.toml").read_text("utf-8")
    wider = tmp_path / "wider.toml"
    wider.write_text(text.replace('"exact"', '"fuzzy"'), "utf-8")
    narrower = tmp_path / "narrower.toml"
    narrower.write_text(text.replace('"confusable"', '"exact"').replace('"fuzzy"', '"exact"'), "utf-8")
    counts = [sum(vehicles_found(config).values()) for config in (narrower, EXAMPLE / "config.toml", wider)]
    assert counts[0] < counts[1] < counts[2]


def test_innocent_french_vehicles_do_not_hit_italian_alerts() -> None:
    hits = replayed(EXAMPLE / "config.toml")
    italian = [hit for hit in hits if hit["alert"]["alert_id"].startswith("IT")]
    assert all(hit["read"].get("country") is None for hit in italian), "only where no country was read"
