"""`anpr gateway test` prints the reads of an event or its faults; `anpr gateway` says why it cannot start."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import Result

from streams.gateway.spool.spool import Spool
from tests.support.certificates import create_certificates
from tests.support.commands import run_anpr
from tests.support.vendor_samples import SAMPLES_FOLDER as SAMPLES

CONFIG = """
[topics]
reads_hours = { BE = 24 }
[sites.rekkem]
territory = "BE"
[cameras.a1]
site = "rekkem"
maker = "axis"
zone = "Europe/Brussels"
device = "another"
"""


def anpr(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return run_anpr("gateway", *arguments, stdin=stdin)


@pytest.mark.parametrize("vendor", ["axis", "dahua", "dahua-events", "hikvision", "openalpr", "read"])
def test_the_samples_of_each_vendor_are_reads_or_explained(vendor: str) -> None:
    read_count = 0
    for path in sorted((SAMPLES / vendor.replace("-", "_")).iterdir()):
        result = anpr("test", vendor, path)
        reads = [json.loads(line) for line in result.stdout.splitlines()]
        assert all(read["camera_id"] == "camera" for read in reads)
        assert reads or "no read: " in result.stderr or "refused (" in result.stderr, path
        read_count += len(reads)
    assert read_count


def test_an_event_from_standard_input_and_a_camera_of_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    body = (SAMPLES / "axis" / "new.json").read_bytes()
    result = anpr("test", "axis", "-", stdin=body)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    result = anpr("test", "axis", "-", "--camera", "a1", "--config", config, stdin=body)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "refused (device):" in result.stderr


def test_faults_are_printed_without_the_plate() -> None:
    body = b'{"read_id": "e1", "captured_at": "yesterday", "plate": "1-XYZ-789!", "country": "XX"}'
    result = anpr("test", "read", "-", stdin=body)
    assert (result.exit_code, result.stdout) == (1, "")
    assert all(f"  {field}: " in result.stderr for field in ("captured_at", "plate", "country"))
    assert "XYZ" not in result.stderr


def test_a_heartbeat_is_not_a_read_and_not_a_fault() -> None:
    result = anpr("test", "openalpr", SAMPLES / "openalpr" / "heartbeat.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("no read: ")


def test_wrong_arguments_exit_with_2() -> None:
    assert anpr("test", "nobody", "-", stdin=b"{}").exit_code == 2
    assert anpr("test", "read", "no such file").exit_code == 2


def test_the_reason_why_the_server_cannot_start_is_printed(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[cameras.c1]\n")
    result = anpr("--config", config)
    assert result.exit_code == 1 and "no camera in [cameras] has both a `maker`" in result.stderr
    spool = tmp_path / "spool"
    config.write_text(f'[gateway]\nspool = "{spool}"\n{CONFIG}')
    result = anpr("--config", config)
    assert result.exit_code == 1 and "ANPR_CAMERA_A1" in result.stderr
    (tmp_path / "secret").write_text("made up")
    with_secret = f'{config.read_text()}secret_file = "{tmp_path}/secret"\n'
    config.write_text(with_secret)
    open_spool = Spool(spool, 1_000_000)
    result = anpr("--config", config)
    assert result.exit_code == 1 and "in use by another gateway" in result.stderr
    open_spool.close()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config.write_text(with_secret.replace("[gateway]", f"[gateway]\nport = {listener.getsockname()[1]}"))
        result = anpr("--config", config)
    assert result.exit_code == 1 and "cannot listen" in result.stderr


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('cert_file = "gone.pem"\nkey_file = "gone.key"', "cert_file = 'gone.pem' and key_file"),
        ('cert_file = "{pem.cert}"\nkey_file = "{pem.other_key}"', "set them to a certificate and its key"),
        (
            'cert_file = "{pem.cert}"\nkey_file = "{pem.key}"\nclient_ca_file = "{pem.key}"',
            "client_ca_file = '{pem.key}' cannot be used",
        ),
        ('mqtt_host = "127.0.0.1"\nmqtt_ca_file = "gone.pem"', "mqtt_ca_file = 'gone.pem' cannot be used"),
    ],
)
def test_a_wrong_tls_file_is_named(tmp_path: Path, keys: str, message: str) -> None:
    pem = create_certificates(tmp_path)
    (tmp_path / "secret").write_text("made up")
    config = tmp_path / "config.toml"
    config.write_text(
        f'[gateway]\nport = 0\nspool = "{tmp_path}/spool"\n{keys.format(pem=pem)}\n'
        f'{CONFIG}secret_file = "{tmp_path}/secret"\n'
    )
    result = anpr("--config", config)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message.format(pem=pem) in result.stderr
