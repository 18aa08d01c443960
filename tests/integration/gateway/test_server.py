"""The gateway over real HTTP: its answers to cameras, and what it stores of their events."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from streams.gateway.config import GatewayCameraConfig
from tests.support.certificates import create_certificates
from tests.support.gateways import SECRET, GatewayEnvironment, basic_auth, running_gateway
from tests.support.vendor_samples import ARRIVED_MS
from tests.support.vendor_samples import SAMPLES_FOLDER as SAMPLES
from tests.support.waiting import HANG_LIMIT_S


def read_fields(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a read in its JSON form; None removes a field."""
    defaults = {"read_id": f"e{number}", "captured_at": "2026-05-21T11:59:58Z", "plate": "1-ABC-123"}
    return {name: value for name, value in (defaults | fields).items() if value is not None}


def run(folder: Path, scenario: Callable[[GatewayEnvironment], Awaitable[None]], **options: Any) -> None:
    """Run a scenario against a gateway; `options` are those of `running_gateway`."""

    async def run_scenario() -> None:
        async with running_gateway(folder, **options) as environment:
            await scenario(environment)

    asyncio.run(run_scenario())


def test_an_accepted_event_is_in_the_spool(tmp_path: Path) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        reply = await environment.send(read_fields(country="BE"))
        assert reply.status == 200
        (entry,) = environment.spooled()
        assert (entry.topic, entry.key) == ("anpr.reads.BE", b"c1")
        assert json.loads(entry.value) == {
            "read_id": "e1",
            "camera_id": "c1",
            "captured_at": "2026-05-21T11:59:58.000Z",
            "plate": "1-ABC-123",
            "country": "BE",
        }

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "status", "reason", "message"),
    [
        ("{", 400, "form", "must be JSON"),
        (read_fields(plate=None), 422, "plate", "missing"),
        (read_fields(plate=" - "), 422, "plate", "letter or digit"),
        (read_fields(plate="АВ123СD"), 422, "plate", "Cyrillic"),
        (read_fields(plate="١٢٣ ب"), 422, "plate", "letters A-Z"),
        (read_fields(country="XX"), 422, "country", "alpha-2"),
        (read_fields(captured_at="2026-05-21T12:00:00+30:00"), 422, "time", "RFC 3339"),
        (read_fields(captured_at="2026-05-21T20:00:00Z"), 422, "time", "5 minutes after"),
        (read_fields(camera_id="c2"), 403, "device", "that of the sending camera, c1"),
        (read_fields(speed_kmh="fast"), 422, "field", "a number"),
    ],
)
def test_a_wrong_event_is_answered_counted_and_dead_lettered(
    tmp_path: Path, body: Any, status: int, reason: str, message: str
) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        sent = body if isinstance(body, str) else json.dumps(body)
        reply = await environment.send(sent)
        assert reply.status == status
        (refused,) = reply.json["refused"]
        assert refused["reason"] == reason
        assert any(message in fault["rule"] for fault in refused["faults"])
        (dead_letter,) = environment.dead_letters()
        assert dead_letter["body"].decode() == sent
        assert dead_letter["__connect.errors.stage"] == "gateway"
        assert message in dead_letter["__connect.errors.exception.message"]
        counts = next(iter(environment.monitor.counts(environment.context.now_ms())))
        assert (counts.events["refused"], counts.rejects[reason]) == (1, 1)  # type: ignore[index]
        assert (await environment.send(read_fields())).status == 200
        assert len(environment.reads()) == 1

    run(tmp_path, scenario)


def test_a_wrong_read_does_not_affect_the_others_of_the_event(tmp_path: Path) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        reply = await environment.send([read_fields(1), read_fields(2, plate="?"), read_fields(3)])
        assert reply.status == 422
        assert reply.json["taken"] == 2
        assert reply.json["refused"][0]["faults"][0]["field"] == "[1].plate"
        assert [each["read_id"] for each in environment.reads()] == ["e1", "e3"]
        lines = "\n".join(json.dumps(each) for each in (read_fields(4), read_fields(5)))
        assert (await environment.send(lines)).status == 200
        assert [each["read_id"] for each in environment.reads()] == ["e1", "e3", "e4", "e5"]

    run(tmp_path, scenario)


def test_events_without_a_valid_login_are_refused(tmp_path: Path) -> None:
    cameras = {
        "c1": GatewayCameraConfig(vendor="read"),
        "c2": GatewayCameraConfig(vendor="read", user="both"),
        "c3": GatewayCameraConfig(vendor="read", user="both"),
    }

    async def scenario(environment: GatewayEnvironment) -> None:
        for user, secret in (("c1", "wrong"), ("nobody", SECRET), ("", "")):
            reply = await environment.send(read_fields(), user, secret)
            assert reply.status == 401
            assert "Basic" in reply.headers["WWW-Authenticate"]
        assert (await environment.send(read_fields(), headers={"Authorization": "?"})).status == 401
        assert (await environment.send(read_fields(), path="/cameras/c2")).status == 403
        assert (await environment.send(read_fields(), "both")).status == 400
        assert environment.reads() == []
        assert {dead_letter["body"] for dead_letter in environment.dead_letters()} == {b""}
        assert (await environment.send(read_fields(), path="/cameras/c1")).status == 200
        assert (await environment.send(read_fields(), "both", path="/cameras/c3")).status == 200
        assert [each["camera_id"] for each in environment.reads()] == ["c1", "c3"]

    run(tmp_path, scenario, cameras=cameras)


def test_the_log_names_the_user_of_a_failed_login_and_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        await environment.send(read_fields(), "c1", "hidden one")
        without_user = {"Authorization": "Basic aGlkZGVuIHR3bw=="}
        await environment.send(read_fields(), headers=without_user)
        await environment.send(read_fields(), headers={"Authorization": "Bearer hidden three"})

    run(tmp_path, scenario)
    assert [line.partition(" from ")[0] for line in caplog.messages] == [
        "refused an event of user 'c1'",
        "refused an event",
        "refused an event",
    ]
    assert "hidden" not in caplog.text and "aGlk" not in caplog.text


def test_an_address_has_to_wait_after_ten_failed_logins(tmp_path: Path) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        replies = [await environment.send(read_fields(), "c1", "wrong") for _ in range(12)]
        assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
        assert int(replies[-1].headers["Retry-After"]) >= 1

    run(tmp_path, scenario)


def test_a_camera_above_its_rate_has_to_wait_and_others_do_not(tmp_path: Path) -> None:
    cameras = {
        "c1": GatewayCameraConfig(vendor="read", events_per_s=3),
        "c2": GatewayCameraConfig(vendor="read"),
    }

    async def scenario(environment: GatewayEnvironment) -> None:
        replies = [await environment.send(read_fields(number)) for number in range(8)]
        assert [reply.status for reply in replies] == [200] * 6 + [429] * 2
        assert "Retry-After" in replies[-1].headers
        assert (await environment.send(read_fields(), "c2")).status == 200
        assert len(environment.reads()) == 7

    run(tmp_path, scenario, cameras=cameras)


def test_a_full_spool_is_answered_with_the_time_to_retry(tmp_path: Path) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        statuses = [
            (await environment.send([read_fields(number) for number in range(50)])).status for _ in range(40)
        ]
        first = statuses.index(503)
        assert statuses == [200] * first + [503] * (40 - first)
        assert len(environment.reads()) == 50 * first
        reply = await environment.send(read_fields())
        assert (reply.status, reply.headers["Retry-After"]) == (503, "30")

    run(tmp_path, scenario, spool_bytes=150_000)


@pytest.mark.parametrize("with_length", [True, False], ids=["with its length", "in chunks"])
def test_an_event_that_is_too_large_is_refused(tmp_path: Path, with_length: bool) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        async def chunks() -> Any:
            for _ in range(20):
                yield b" " * 10_000

        reply = await environment.send(b" " * 200_000 if with_length else chunks())
        assert (reply.status, reply.json["refused"][0]["reason"]) == (413, "size")
        assert "event_mb" in environment.dead_letters()[0]["__connect.errors.exception.message"]
        assert (await environment.send(read_fields())).status == 200

    run(tmp_path, scenario, event_mb=0.1)


def test_a_camera_may_have_its_own_limit_of_size(tmp_path: Path) -> None:
    cameras = {
        "c1": GatewayCameraConfig(vendor="read", event_mb=0.01),
        "c2": GatewayCameraConfig(vendor="read"),
    }

    async def scenario(environment: GatewayEnvironment) -> None:
        large = [read_fields(number) for number in range(200)]
        assert [(await environment.send(large, user)).status for user in ("c1", "c2")] == [413, 200]
        assert (await environment.send(read_fields())).status == 200

    run(tmp_path, scenario, cameras=cameras)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("", b""),
        ("POST / HT", b""),
        ("POST / HTTP/1.1\r\nHost: g\r\nAuthorization: {login}\r\n", b""),
        ("POST / HTTP/1.1\r\nHost: g\r\nAuthorization: {login}\r\nContent-Length: 9\r\n\r\n{{", b"408"),
    ],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
def test_a_slow_sender_is_disconnected(tmp_path: Path, sent: str, answer: bytes) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(environment.url.rpartition(":")[2]))
        writer.write(sent.format(login=basic_auth("c1", SECRET)).encode())
        try:
            received = await asyncio.wait_for(reader.read(), HANG_LIMIT_S)
        except ConnectionResetError:
            received = b""
        assert answer in received
        writer.close()
        assert (await environment.send(read_fields())).status == 200

    run(tmp_path, scenario, event_s=0.3)


def test_a_camera_is_identified_by_its_certificate(tmp_path: Path) -> None:
    pem = create_certificates(tmp_path)
    cameras = {
        "c1": GatewayCameraConfig(vendor="read", auth="certificate", user="test"),
        "c2": GatewayCameraConfig(vendor="read"),
    }
    with_certificate, without_certificate = (ssl.create_default_context(cafile=pem.ca) for _ in range(2))
    with_certificate.load_cert_chain(pem.cert, pem.key)

    async def scenario(environment: GatewayEnvironment) -> None:
        for path, status in (("/", 200), ("/cameras/c2", 403)):
            async with environment.session.post(
                environment.url + path, json=read_fields(), ssl=with_certificate
            ) as response:
                assert response.status == status
        async with environment.session.post(
            environment.url, json=read_fields(), ssl=without_certificate
        ) as response:
            assert response.status == 401
        # Other cameras still log in by password.
        assert (await environment.send(read_fields(), "c2", ssl=without_certificate)).status == 200
        assert [each["camera_id"] for each in environment.reads()] == ["c1", "c2"]
        with pytest.raises(aiohttp.ClientError):
            await environment.session.post(environment.url.replace("https", "http"), json=read_fields())

    files = {"cert_file": pem.cert, "key_file": pem.key, "client_ca_file": pem.ca}
    run(tmp_path, scenario, cameras=cameras, **files)


def test_pictures_are_stored_only_if_a_folder_is_set_and_named_in_the_read(tmp_path: Path) -> None:
    body = (SAMPLES / "hikvision" / "with_pictures.multipart").read_bytes()
    cameras = {"c1": GatewayCameraConfig(vendor="hikvision", zone="Europe/Brussels")}
    headers = {"Content-Type": "multipart/form-data; boundary=boundary"}

    async def with_folder(environment: GatewayEnvironment) -> None:
        assert (await environment.send(body, headers=headers)).status == 200
        (stored_read,) = environment.reads()
        path = Path(stored_read["image_ref"].removeprefix("file://"))
        assert path.is_relative_to(tmp_path / "pictures") and path.read_bytes()

    async def without_folder(environment: GatewayEnvironment) -> None:
        assert (await environment.send(body, headers=headers)).status == 200
        assert "image_ref" not in environment.reads()[0]

    run(tmp_path, with_folder, cameras=cameras, now_ms=ARRIVED_MS, pictures=str(tmp_path / "pictures"))
    (tmp_path / "other").mkdir()
    run(tmp_path / "other", without_folder, cameras=cameras, now_ms=ARRIVED_MS)


def test_a_dead_letter_has_no_pictures(tmp_path: Path) -> None:
    body = (SAMPLES / "hikvision" / "with_pictures.multipart").read_bytes()
    headers = {"Content-Type": "multipart/form-data; boundary=boundary"}
    cameras = {"c1": GatewayCameraConfig(vendor="hikvision", zone="Europe/Brussels", device="another")}

    async def scenario(environment: GatewayEnvironment) -> None:
        assert (await environment.send(body, headers=headers)).status == 403
        (dead_letter,) = environment.dead_letters()
        assert b"EventNotificationAlert" in dead_letter["body"]
        assert len(dead_letter["body"]) < len(body)

    run(tmp_path, scenario, cameras=cameras, now_ms=ARRIVED_MS)


def test_a_camera_that_expects_a_vendor_reply_gets_it_if_a_read_is_accepted(tmp_path: Path) -> None:
    """Otherwise it would repeat an event with an unknown country for ever."""
    body = json.loads((SAMPLES / "dahua" / "full.json").read_text())
    cameras = {"c1": GatewayCameraConfig(vendor="dahua", zone="Europe/Brussels")}

    async def scenario(environment: GatewayEnvironment) -> None:
        reply = await environment.send(body, path="/NotificationInfo/TollgateInfo")
        assert (reply.status, reply.json["Result"], environment.dead_letters()) == (200, True, [])
        body["Picture"]["Plate"]["Region"] = "ATLANTIS"
        reply = await environment.send(body, path="/NotificationInfo/TollgateInfo")
        assert (reply.status, reply.json["Result"]) == (200, True)
        assert ["country" in each for each in environment.reads()] == [True, False]
        assert len(environment.dead_letters()) == 1
        del body["Picture"]["Plate"]
        assert (await environment.send(body, path="/NotificationInfo/TollgateInfo")).status == 422

    run(tmp_path, scenario, cameras=cameras, now_ms=ARRIVED_MS)


def test_metrics_and_health_are_those_of_the_gateway(tmp_path: Path) -> None:
    async def scenario(environment: GatewayEnvironment) -> None:
        await environment.send(read_fields())
        metrics = await environment.get("/metrics")
        assert metrics.status == 200
        assert b'anpr_gateway_events_total{camera="c1",outcome="taken"} 1.0' in metrics.body
        ready = await environment.get("/health/ready")
        assert (ready.status, ready.json["ready"]) == (200, True)
        assert ready.json["kafka"] == {"confirmed": 0, "troubles": {}}
        assert (await environment.get("/health/live")).json == {"live": True}
        assert (await environment.get("/")).status == 404
        async with environment.session.put(environment.url) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, POST")

    run(tmp_path, scenario)
