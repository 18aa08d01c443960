"""Access control: valid and invalid logins of every kind, and random bytes as logins."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.config import GatewayCameraConfig
from streams.gateway.http.access import Access, Login, Unauthorised
from streams.records.times import Millis

NOW_MS = 1_779_400_000_000
ENVIRON = {f"ANPR_CAMERA_{name}": f"secret of {name}" for name in ("B1", "B2", "D1", "T1", "DAHUA")}
CAMERAS = {
    "b1": GatewayCameraConfig(vendor="read"),
    "b2": GatewayCameraConfig(vendor="read", user="Zoë"),
    "d1": GatewayCameraConfig(vendor="read", auth="digest"),
    "t1": GatewayCameraConfig(vendor="read", auth="bearer"),
    "x1": GatewayCameraConfig(vendor="read", auth="certificate", user="camera.example.org"),
}


def make_access(cameras: Mapping[str, GatewayCameraConfig] = CAMERAS) -> Access:
    return Access(cameras, ENVIRON)


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def identify(
    access: Access,
    authorization: str | None,
    path: str = "/",
    certificate: Mapping[str, Any] | None = None,
    now_ms: Millis = NOW_MS,
) -> str | int:
    """Return the camera, or the status of the refusal."""
    try:
        return access.identify_camera(Login("POST", path, authorization, certificate), now_ms)
    except Unauthorised as unauthorised:
        return unauthorised.status


def test_basic_logins() -> None:
    access = make_access()
    assert identify(access, basic("b1", "secret of B1")) == "b1"
    assert identify(access, basic("Zoë", "secret of B2")) == "b2"
    assert identify(access, basic("b2", "secret of B2")) == 401
    assert identify(access, basic("b1", "secret of B2")) == 401
    assert identify(access, basic("d1", "secret of D1")) == 401


def test_a_path_names_the_camera_and_no_other_camera_is_accepted_on_it() -> None:
    access = make_access()
    assert identify(access, basic("b1", "secret of B1"), "/cameras/b1") == "b1"
    assert identify(access, basic("b1", "secret of B1"), "/cameras/b1/?a=b") == "b1"
    assert identify(access, basic("b1", "secret of B1"), "/cameras/b1/events") == "b1"
    assert identify(access, basic("b1", "secret of B1"), "/cameras/%62%31") == "b1"
    assert identify(access, basic("b1", "secret of B1"), "/cameras/") == "b1"
    assert identify(access, basic("b1", "secret of B1"), "/cameras/d1") == 403
    assert identify(access, basic("b1", "secret of B1"), "/cameras/d1/b1") == 403
    assert identify(access, basic("b1", "secret of B2"), "/cameras/b1") == 401
    assert identify(access, basic("b1", "secret of B1"), "/cameras/nobody") == 403


def test_cameras_with_one_login_are_distinguished_by_the_path() -> None:
    cameras = {name: GatewayCameraConfig(vendor="read", user="both") for name in ("b1", "b2")}
    access = Access(cameras, dict.fromkeys(("ANPR_CAMERA_B1", "ANPR_CAMERA_B2"), "same"))
    assert identify(access, basic("both", "same")) == 400
    assert identify(access, basic("both", "same"), "/cameras/b2") == "b2"


def test_cameras_with_one_user_are_distinguished_by_their_secrets() -> None:
    cameras = {name: GatewayCameraConfig(vendor="read", user="both") for name in ("b1", "b2")}
    access = make_access(cameras)
    assert identify(access, basic("both", "secret of B1")) == "b1"
    assert identify(access, basic("both", "secret of B2")) == "b2"
    assert identify(access, basic("both", "secret of B2"), "/cameras/b1") == 403


def test_a_slash_in_an_id_is_percent_encoded_in_the_path() -> None:
    cameras = {name: GatewayCameraConfig(vendor="read", user="both") for name in ("a/b", "a")}
    access = Access(cameras, {"ANPR_CAMERA_A_B": "same", "ANPR_CAMERA_A": "same"})
    assert identify(access, basic("both", "same"), "/cameras/a%2Fb") == "a/b"
    assert identify(access, basic("both", "same"), "/cameras/a/b") == "a"


def test_bearer_tokens() -> None:
    access = make_access()
    assert identify(access, "Bearer secret of T1") == "t1"
    assert identify(access, "Bearer secret of B1") == 401


def test_certificates() -> None:
    access = make_access()
    by_common_name = {"subject": ((("commonName", "camera.example.org"),),)}
    other = {"subject": ((("commonName", "b1"),),), "subjectAltName": (("DNS", "b2"),)}
    by_dns_name = {"subject": (), "subjectAltName": (("DNS", "camera.example.org"),)}
    assert identify(access, None, certificate=by_common_name) == "x1"
    assert identify(access, None, certificate=by_dns_name) == "x1"
    assert identify(access, None, certificate=other) == 401
    assert identify(access, None) == 401
    assert identify(access, None, "/cameras/b1", certificate=by_common_name) == 403


HEADERS = st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
SURROGATES = st.text(st.characters(categories=None))
FIELDS = st.dictionaries(
    st.sampled_from(("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "algorithm")),
    HEADERS | SURROGATES | st.sampled_from(("d1", "anpr", "/", "auth", "SHA-256", "", "f" * 5000)),
)


@given(HEADERS | SURROGATES, HEADERS | SURROGATES)
def test_any_random_header_and_path_is_refused(authorization: str, path: str) -> None:
    access = make_access()
    for scheme in ("", "Basic ", "Digest ", "Bearer "):
        assert identify(access, scheme + authorization, path) in (400, 401, 403)


@given(FIELDS)
def test_any_random_fields_of_a_digest_are_refused(fields: dict[str, str]) -> None:
    header = "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())
    assert identify(make_access(), header) == 401


@given(st.binary())
def test_any_random_bytes_in_a_basic_login_are_refused(raw: bytes) -> None:
    assert identify(make_access(), "Basic " + base64.b64encode(raw).decode()) == 401


def test_a_refusal_shows_no_secret() -> None:
    with pytest.raises(Unauthorised) as unauthorised:
        make_access().identify_camera(Login("POST", "/", basic("b1", "hidden"), None), NOW_MS)
    assert "hidden" not in str(unauthorised.value) and "secret of" not in str(unauthorised.value)
    assert unauthorised.value.challenges[-2:] == (
        'Basic realm="anpr", charset="UTF-8"',
        'Bearer realm="anpr"',
    )
