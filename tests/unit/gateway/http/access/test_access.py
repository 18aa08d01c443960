"""Who may send: the right login beside the wrong one, in every kind, and any bytes in its place."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.config import GatewayCameraConfig
from streams.gateway.http.access import Access, Login, Unauthorised

NOW = 1_779_400_000_000
ENVIRON = {f"ANPR_CAMERA_{name}": f"secret of {name}" for name in ("B1", "B2", "D1", "T1", "DAHUA")}
CAMERAS = {
    "b1": GatewayCameraConfig(maker="read"),
    "b2": GatewayCameraConfig(maker="read", user="Zoë"),
    "d1": GatewayCameraConfig(maker="read", auth="digest"),
    "t1": GatewayCameraConfig(maker="read", auth="bearer"),
    "x1": GatewayCameraConfig(maker="read", auth="certificate", user="camera.example.org"),
}


def access(cameras: Mapping[str, GatewayCameraConfig] = CAMERAS) -> Access:
    return Access(cameras, ENVIRON)


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def asked(
    made: Access,
    authorization: str | None,
    path: str = "/",
    certificate: Mapping[str, Any] | None = None,
    now: int = NOW,
) -> str | int:
    """The camera, or the status of the refusal."""
    try:
        return made.identify_camera(Login("POST", path, authorization, certificate), now)
    except Unauthorised as refused:
        return refused.status


def test_basic() -> None:
    made = access()
    assert asked(made, basic("b1", "secret of B1")) == "b1"
    assert asked(made, basic("Zoë", "secret of B2")) == "b2"
    assert asked(made, basic("b2", "secret of B2")) == 401
    assert asked(made, basic("b1", "secret of B2")) == 401
    assert asked(made, basic("d1", "secret of D1")) == 401


def test_a_path_names_the_camera_and_no_other_may_send_there() -> None:
    made = access()
    assert asked(made, basic("b1", "secret of B1"), "/cameras/b1") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/b1/?a=b") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/b1/events") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/%62%31") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/d1") == 403
    assert asked(made, basic("b1", "secret of B1"), "/cameras/d1/b1") == 403
    assert asked(made, basic("b1", "secret of B2"), "/cameras/b1") == 401
    assert asked(made, basic("b1", "secret of B1"), "/cameras/nobody") == 403


def test_cameras_of_one_login_are_told_apart_by_the_path() -> None:
    cameras = {name: GatewayCameraConfig(maker="read", user="both") for name in ("b1", "b2")}
    made = Access(cameras, dict.fromkeys(("ANPR_CAMERA_B1", "ANPR_CAMERA_B2"), "same"))
    assert asked(made, basic("both", "same")) == 400
    assert asked(made, basic("both", "same"), "/cameras/b2") == "b2"


def test_cameras_of_one_user_are_told_apart_by_their_secrets() -> None:
    cameras = {name: GatewayCameraConfig(maker="read", user="both") for name in ("b1", "b2")}
    made = access(cameras)
    assert asked(made, basic("both", "secret of B1")) == "b1"
    assert asked(made, basic("both", "secret of B2")) == "b2"
    assert asked(made, basic("both", "secret of B2"), "/cameras/b1") == 403


def test_an_id_with_a_slash_is_written_in_hex() -> None:
    cameras = {name: GatewayCameraConfig(maker="read", user="both") for name in ("a/b", "a")}
    made = Access(cameras, {"ANPR_CAMERA_A_B": "same", "ANPR_CAMERA_A": "same"})
    assert asked(made, basic("both", "same"), "/cameras/a%2Fb") == "a/b"
    assert asked(made, basic("both", "same"), "/cameras/a/b") == "a"


def test_bearer() -> None:
    made = access()
    assert asked(made, "Bearer secret of T1") == "t1"
    assert asked(made, "Bearer secret of B1") == 401


def test_certificate() -> None:
    made = access()
    named = {"subject": ((("commonName", "camera.example.org"),),)}
    other = {"subject": ((("commonName", "b1"),),), "subjectAltName": (("DNS", "b2"),)}
    also = {"subject": (), "subjectAltName": (("DNS", "camera.example.org"),)}
    assert asked(made, None, certificate=named) == "x1"
    assert asked(made, None, certificate=also) == "x1"
    assert asked(made, None, certificate=other) == 401
    assert asked(made, None) == 401
    assert asked(made, None, "/cameras/b1", certificate=named) == 403


HEADERS = st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
SURROGATES = st.text(st.characters(categories=None))
FIELDS = st.dictionaries(
    st.sampled_from(("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "algorithm")),
    HEADERS | SURROGATES | st.sampled_from(("d1", "anpr", "/", "auth", "SHA-256", "", "f" * 5000)),
)


@given(HEADERS | SURROGATES, HEADERS | SURROGATES)
def test_any_header_and_path_is_refused_and_nothing_else(authorization: str, path: str) -> None:
    made = access()
    for begin in ("", "Basic ", "Digest ", "Bearer "):
        assert asked(made, begin + authorization, path) in (400, 401, 403)


@given(FIELDS)
def test_any_fields_of_a_digest_are_refused_and_nothing_else(fields: dict[str, str]) -> None:
    header = "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())
    assert asked(access(), header) == 401


@given(st.binary())
def test_any_bytes_in_a_basic_login_are_refused_and_nothing_else(raw: bytes) -> None:
    assert asked(access(), "Basic " + base64.b64encode(raw).decode()) == 401


def test_a_refusal_tells_no_secret() -> None:
    with pytest.raises(Unauthorised) as refused:
        access().identify_camera(Login("POST", "/", basic("b1", "hidden"), None), NOW)
    assert "hidden" not in str(refused.value) and "secret of" not in str(refused.value)
    assert refused.value.challenges[-2:] == (
        'Basic realm="anpr", charset="UTF-8"',
        'Bearer realm="anpr"',
    )
