"""The gateway over real HTTP: what a camera hears, and what is kept of what it sent."""

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


def read(number: int = 1, **more: Any) -> dict[str, Any]:
    plain = {"read_id": f"e{number}", "captured_at": "2026-05-21T11:59:58Z", "plate": "1-ABC-123"}
    return {name: value for name, value in (plain | more).items() if value is not None}


def run(folder: Path, play: Callable[[GatewayEnvironment], Awaitable[None]], **more: Any) -> None:
    async def whole() -> None:
        async with running_gateway(folder, **more) as ground:
            await play(ground)

    asyncio.run(whole())


def test_an_event_is_accepted_when_it_is_kept(tmp_path: Path) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        reply = await ground.send(read(country="BE"))
        assert reply.status == 200
        (entry,) = ground.spooled()
        assert (entry.topic, entry.key) == ("anpr.reads.BE", b"c1")
        assert json.loads(entry.value) == {
            "read_id": "e1",
            "camera_id": "c1",
            "captured_at": "2026-05-21T11:59:58.000Z",
            "plate": "1-ABC-123",
            "country": "BE",
        }

    run(tmp_path, play)


@pytest.mark.parametrize(
    ("body", "status", "reason", "words"),
    [
        ("{", 400, "form", "must be JSON"),
        (read(plate=None), 422, "plate", "missing"),
        (read(plate=" - "), 422, "plate", "letter or digit"),
        (read(plate="АВ123СD"), 422, "plate", "Cyrillic"),
        (read(plate="١٢٣ ب"), 422, "plate", "letters A-Z"),
        (read(country="XX"), 422, "country", "alpha-2"),
        (read(captured_at="2026-05-21T12:00:00+30:00"), 422, "time", "RFC 3339"),
        (read(captured_at="2026-05-21T20:00:00Z"), 422, "time", "5 minutes after"),
        (read(camera_id="c2"), 403, "device", "that of the sending camera, c1"),
        (read(speed_kmh="fast"), 422, "field", "a number"),
    ],
)
def test_what_is_wrong_is_said_counted_and_put_aside_and_the_next_event_works(
    tmp_path: Path, body: Any, status: int, reason: str, words: str
) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        sent = body if isinstance(body, str) else json.dumps(body)
        reply = await ground.send(sent)
        assert reply.status == status
        (refused,) = reply.json["refused"]
        assert refused["reason"] == reason
        assert any(words in fault["rule"] for fault in refused["faults"])
        (letter,) = ground.dead_letters()
        assert letter["body"].decode() == sent
        assert letter["__connect.errors.stage"] == "gateway"
        assert words in letter["__connect.errors.exception.message"]
        seen = next(iter(ground.monitor.counts(ground.context.now_ms())))
        assert (seen.events["refused"], seen.rejects[reason]) == (1, 1)  # type: ignore[index]
        assert (await ground.send(read())).status == 200
        assert len(ground.reads()) == 1

    run(tmp_path, play)


def test_a_bad_read_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        reply = await ground.send([read(1), read(2, plate="?"), read(3)])
        assert reply.status == 422
        assert reply.json["taken"] == 2
        assert reply.json["refused"][0]["faults"][0]["field"] == "[1].plate"
        assert [each["read_id"] for each in ground.reads()] == ["e1", "e3"]
        lines = "\n".join(json.dumps(each) for each in (read(4), read(5)))
        assert (await ground.send(lines)).status == 200
        assert [each["read_id"] for each in ground.reads()] == ["e1", "e3", "e4", "e5"]

    run(tmp_path, play)


def test_who_is_not_known_gets_nothing_in(tmp_path: Path) -> None:
    cameras = {
        "c1": GatewayCameraConfig(maker="read"),
        "c2": GatewayCameraConfig(maker="read", user="both"),
        "c3": GatewayCameraConfig(maker="read", user="both"),
    }

    async def play(ground: GatewayEnvironment) -> None:
        for user, secret in (("c1", "wrong"), ("nobody", SECRET), ("", "")):
            reply = await ground.send(read(), user, secret)
            assert reply.status == 401
            assert "Basic" in reply.headers["WWW-Authenticate"]
        assert (await ground.send(read(), headers={"Authorization": "?"})).status == 401
        assert (await ground.send(read(), path="/cameras/c2")).status == 403
        assert (await ground.send(read(), "both")).status == 400
        assert ground.reads() == []
        assert {letter["body"] for letter in ground.dead_letters()} == {b""}
        assert (await ground.send(read(), path="/cameras/c1")).status == 200
        assert (await ground.send(read(), "both", path="/cameras/c3")).status == 200
        assert [each["camera_id"] for each in ground.reads()] == ["c1", "c3"]

    run(tmp_path, play, cameras=cameras)


def test_the_log_says_whose_login_was_wrong_and_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        await ground.send(read(), "c1", "hidden one")
        await ground.send(read(), headers={"Authorization": "Basic aGlkZGVuIHR3bw=="})  # without a user
        await ground.send(read(), headers={"Authorization": "Bearer hidden three"})

    run(tmp_path, play)
    assert [line.partition(" from ")[0] for line in caplog.messages] == [
        "refused an event of user 'c1'",
        "refused an event",
        "refused an event",
    ]
    assert "hidden" not in caplog.text and "aGlk" not in caplog.text


def test_after_ten_wrong_logins_an_address_has_to_wait(tmp_path: Path) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        replies = [await ground.send(read(), "c1", "wrong") for _ in range(12)]
        assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
        assert int(replies[-1].headers["Retry-After"]) >= 1

    run(tmp_path, play)


def test_more_events_than_a_camera_may_send_have_to_wait_and_others_go_on(tmp_path: Path) -> None:
    cameras = {
        "c1": GatewayCameraConfig(maker="read", events_per_s=3),
        "c2": GatewayCameraConfig(maker="read"),
    }

    async def play(ground: GatewayEnvironment) -> None:
        replies = [await ground.send(read(number)) for number in range(8)]
        assert [reply.status for reply in replies] == [200] * 6 + [429] * 2
        assert "Retry-After" in replies[-1].headers
        assert (await ground.send(read(), "c2")).status == 200
        assert len(ground.reads()) == 7

    run(tmp_path, play, cameras=cameras)


def test_a_full_spool_says_when_to_come_again(tmp_path: Path) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        statuses = [(await ground.send([read(number) for number in range(50)])).status for _ in range(40)]
        first = statuses.index(503)
        assert statuses == [200] * first + [503] * (40 - first)
        assert len(ground.reads()) == 50 * first
        reply = await ground.send(read())
        assert (reply.status, reply.headers["Retry-After"]) == (503, "30")

    run(tmp_path, play, spool_bytes=150_000)


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in chunks"])
def test_an_event_that_is_too_large_is_cut_off(tmp_path: Path, told: bool) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        async def chunks() -> Any:
            for _ in range(20):
                yield b" " * 10_000

        reply = await ground.send(b" " * 200_000 if told else chunks())
        assert (reply.status, reply.json["refused"][0]["reason"]) == (413, "size")
        assert "event_mb" in ground.dead_letters()[0]["__connect.errors.exception.message"]
        assert (await ground.send(read())).status == 200

    run(tmp_path, play, event_mb=0.1)


def test_a_camera_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    cameras = {
        "c1": GatewayCameraConfig(maker="read", event_mb=0.01),
        "c2": GatewayCameraConfig(maker="read"),
    }

    async def play(ground: GatewayEnvironment) -> None:
        long = [read(number) for number in range(200)]
        assert [(await ground.send(long, user)).status for user in ("c1", "c2")] == [413, 200]
        assert (await ground.send(read())).status == 200

    run(tmp_path, play, cameras=cameras)


@pytest.mark.parametrize(
    ("begin", "answer"),
    [
        ("", b""),
        ("POST / HT", b""),
        ("POST / HTTP/1.1\r\nHost: g\r\nAuthorization: {login}\r\n", b""),
        ("POST / HTTP/1.1\r\nHost: g\r\nAuthorization: {login}\r\nContent-Length: 9\r\n\r\n{{", b"408"),
    ],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
def test_a_slow_sender_is_cut_off(tmp_path: Path, begin: str, answer: bytes) -> None:
    async def play(ground: GatewayEnvironment) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(ground.url.rpartition(":")[2]))
        writer.write(begin.format(login=basic_auth("c1", SECRET)).encode())
        try:
            heard = await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            heard = b""
        assert answer in heard
        writer.close()
        assert (await ground.send(read())).status == 200

    run(tmp_path, play, event_s=0.3)


def test_a_camera_is_known_by_its_certificate_and_one_without_is_not(tmp_path: Path) -> None:
    pem = create_certificates(tmp_path)
    cameras = {
        "c1": GatewayCameraConfig(maker="read", auth="certificate", user="test"),
        "c2": GatewayCameraConfig(maker="read"),
    }
    shown, none = (ssl.create_default_context(cafile=pem.ca) for _ in range(2))
    shown.load_cert_chain(pem.cert, pem.key)

    async def play(ground: GatewayEnvironment) -> None:
        for path, status in (("/", 200), ("/cameras/c2", 403)):
            async with ground.session.post(ground.url + path, json=read(), ssl=shown) as response:
                assert response.status == status
        async with ground.session.post(ground.url, json=read(), ssl=none) as response:
            assert response.status == 401
        # Others log in by password as ever.
        assert (await ground.send(read(), "c2", ssl=none)).status == 200
        assert [each["camera_id"] for each in ground.reads()] == ["c1", "c2"]
        with pytest.raises(aiohttp.ClientError):
            await ground.session.post(ground.url.replace("https", "http"), json=read())

    files = {"cert_file": pem.cert, "key_file": pem.key, "client_ca_file": pem.ca}
    run(tmp_path, play, cameras=cameras, **files)


def test_pictures_are_stored_if_there_is_a_folder_and_named_in_the_read(tmp_path: Path) -> None:
    body = (SAMPLES / "hikvision" / "with_pictures.multipart").read_bytes()
    cameras = {"c1": GatewayCameraConfig(maker="hikvision", zone="Europe/Brussels")}
    form = {"Content-Type": "multipart/form-data; boundary=boundary"}

    async def stored(ground: GatewayEnvironment) -> None:
        assert (await ground.send(body, headers=form)).status == 200
        (read_,) = ground.reads()
        path = Path(read_["image_ref"].removeprefix("file://"))
        assert path.is_relative_to(tmp_path / "pictures") and path.read_bytes()

    async def dropped(ground: GatewayEnvironment) -> None:
        assert (await ground.send(body, headers=form)).status == 200
        assert "image_ref" not in ground.reads()[0]

    run(tmp_path, stored, cameras=cameras, now_ms=ARRIVED_MS, pictures=str(tmp_path / "pictures"))
    (tmp_path / "other").mkdir()
    run(tmp_path / "other", dropped, cameras=cameras, now_ms=ARRIVED_MS)


def test_a_dead_letter_has_no_picture(tmp_path: Path) -> None:
    body = (SAMPLES / "hikvision" / "with_pictures.multipart").read_bytes()
    form = {"Content-Type": "multipart/form-data; boundary=boundary"}
    cameras = {"c1": GatewayCameraConfig(maker="hikvision", zone="Europe/Brussels", device="another")}

    async def play(ground: GatewayEnvironment) -> None:
        assert (await ground.send(body, headers=form)).status == 403
        (letter,) = ground.dead_letters()
        assert b"EventNotificationAlert" in letter["body"]
        assert len(letter["body"]) < len(body)

    run(tmp_path, play, cameras=cameras, now_ms=ARRIVED_MS)


def test_a_camera_that_waits_for_its_own_reply_gets_it_if_a_read_was_taken(tmp_path: Path) -> None:
    """Else it would send for ever an event whose country is not known."""
    body = json.loads((SAMPLES / "dahua" / "full.json").read_text())
    cameras = {"c1": GatewayCameraConfig(maker="dahua", zone="Europe/Brussels")}

    async def play(ground: GatewayEnvironment) -> None:
        reply = await ground.send(body, path="/NotificationInfo/TollgateInfo")
        assert (reply.status, reply.json["Result"], ground.dead_letters()) == (200, True, [])
        body["Picture"]["Plate"]["Region"] = "ATLANTIS"
        reply = await ground.send(body, path="/NotificationInfo/TollgateInfo")
        assert (reply.status, reply.json["Result"]) == (200, True)
        assert ["country" in each for each in ground.reads()] == [True, False]
        assert len(ground.dead_letters()) == 1
        del body["Picture"]["Plate"]
        assert (await ground.send(body, path="/NotificationInfo/TollgateInfo")).status == 422

    run(tmp_path, play, cameras=cameras, now_ms=ARRIVED_MS)
