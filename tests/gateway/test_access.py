"""Who may send: the right login beside the wrong one, in every kind, and any bytes in its place."""

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.access import Access, AccessError, Refused
from streams.gateway.policy import Camera

NOW = 1_779_400_000_000
ENVIRON = {f"ANPR_CAMERA_{name}": f"secret of {name}" for name in ("B1", "B2", "D1", "T1", "DAHUA")}
CAMERAS = {
    "b1": Camera(maker="read"),
    "b2": Camera(maker="read", user="Zoë: no, Zoe"),
    "d1": Camera(maker="read", auth="digest"),
    "t1": Camera(maker="read", auth="bearer"),
    "x1": Camera(maker="read", auth="certificate", user="camera.example.org"),
}


def access(cameras: Mapping[str, Camera] = CAMERAS) -> Access:
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
        return made.camera("POST", path, authorization, certificate, now)
    except Refused as refused:
        return refused.status


def digest(
    challenge: str, user: str, secret: str, uri: str = "/", count: int | None = 1, **changes: str
) -> str:
    """The answer to a challenge as RFC 7616, 3.4 has it; without a count as RFC 2069."""
    given_ = dict(part.split("=", 1) for part in challenge.removeprefix("Digest ").split(", "))
    fields = {name: value.strip('"') for name, value in given_.items()} | changes
    name = {"SHA-256": "sha256", "MD5": "md5"}[fields["algorithm"]]
    hashed = lambda text: hashlib.new(name, text.encode()).hexdigest()  # noqa: E731
    first, second = hashed(f"{user}:{fields['realm']}:{secret}"), hashed(f"POST:{uri}")
    plain = f'username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
    plain += f"algorithm={fields['algorithm']}, "
    if count is None:
        response = hashed(f"{first}:{fields['nonce']}:{second}")
        return f'Digest {plain}response="{response}"'
    inner = f"{fields['nonce']}:{count:08x}:c0ffee:auth"
    response = hashed(f"{first}:{inner}:{second}")
    return f'Digest {plain}qop=auth, nc={count:08x}, cnonce="c0ffee", response="{response}"'


def challenges(made: Access, now: int = NOW) -> list[str]:
    with pytest.raises(Refused) as refused:
        made.camera("POST", "/", None, None, now)
    assert refused.value.status == 401 and refused.value.asked
    return [each for each in refused.value.challenges if each.startswith("Digest")]


def test_basic() -> None:
    made = access()
    assert asked(made, basic("b1", "secret of B1")) == "b1"
    assert asked(made, basic("Zoë", "no")) == 401
    assert asked(made, basic("b1", "secret of B2")) == 401
    assert asked(made, basic("d1", "secret of D1")) == 401


def test_a_path_names_the_camera_and_no_other_may_send_there() -> None:
    made = access()
    assert asked(made, basic("b1", "secret of B1"), "/cameras/b1") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/b1/?a=b") == "b1"
    assert asked(made, basic("b1", "secret of B1"), "/cameras/d1") == 403
    assert asked(made, basic("b1", "secret of B1"), "/cameras/nobody") == 403


def test_cameras_of_one_login_are_told_apart_by_the_path() -> None:
    cameras = {name: Camera(maker="read", user="both") for name in ("b1", "b2")}
    made = Access(cameras, dict.fromkeys(("ANPR_CAMERA_B1", "ANPR_CAMERA_B2"), "same"))
    assert asked(made, basic("both", "same")) == 400
    assert asked(made, basic("both", "same"), "/cameras/b2") == "b2"


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


@pytest.mark.parametrize("which", [0, 1], ids=["SHA-256", "MD5"])
@pytest.mark.parametrize("count", [1, None], ids=["RFC 7616", "RFC 2069"])
def test_digest(which: int, count: int | None) -> None:
    made = access()
    challenge = challenges(made)[which]
    assert asked(made, digest(challenge, "d1", "secret of D1", count=count)) == "d1"
    assert asked(made, digest(challenge, "d1", "another", count=count)) == 401
    assert asked(made, digest(challenge, "d1", "secret of D1", uri="/other", count=count)) == 401
    assert asked(made, digest(challenge, "b1", "secret of B1", count=count)) == 401
    forged = digest(challenge, "d1", "secret of D1", count=count, nonce=f"{NOW:x}.{'0' * 32}")
    assert asked(made, forged) == 401


def test_a_digest_is_good_once_and_for_five_minutes() -> None:
    made = access()
    challenge = challenges(made)[0]
    first = digest(challenge, "d1", "secret of D1", count=1)
    assert asked(made, first) == "d1"
    assert asked(made, first) == 401
    assert asked(made, digest(challenge, "d1", "secret of D1", count=2), now=NOW + 299_000) == "d1"
    late = digest(challenge, "d1", "secret of D1", count=3)
    with pytest.raises(Refused) as refused:
        made.camera("POST", "/", late, None, NOW + 301_000)
    assert refused.value.asked
    assert all("stale=true" in each for each in refused.value.challenges if each.startswith("Digest"))


def test_the_example_of_the_standard() -> None:
    """RFC 7616, 3.9.1: the response of its example, with the standard's own realm and nonce."""
    from streams.gateway.access.digest import _response, fields_of

    text = (
        'username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    fields = fields_of(text)
    assert _response("sha256", fields, "GET", "Circle of Life") == fields["response"]


def test_an_empty_realm_and_nonce_are_good_for_dahua_alone() -> None:
    cameras = {"dahua": Camera(maker="dahua", auth="digest"), "d1": CAMERAS["d1"]}
    made = access(cameras)
    challenge = challenges(made)[1]
    empty = {"realm": "", "nonce": ""}
    assert asked(made, digest(challenge, "dahua", "secret of DAHUA", count=None, **empty)) == "dahua"
    assert asked(made, digest(challenge, "dahua", "another", count=None, **empty)) == 401
    assert asked(made, digest(challenge, "d1", "secret of D1", count=None, **empty)) == 401


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), st.text())
def test_any_header_and_path_is_refused_and_nothing_else(authorization: str, path: str) -> None:
    made = access()
    for begin in ("", "Basic ", "Digest ", "Bearer "):
        assert asked(made, begin + authorization, path) in (400, 401, 403)


def test_all_that_is_wrong_with_the_secrets_is_told_and_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("hidden one\nhidden two\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfehidden")
    cameras = {
        "none": Camera(maker="read"),
        "gone": Camera(maker="read", secret_file=str(tmp_path / "gone")),
        "empty": Camera(maker="read", secret_file=str(tmp_path / "empty")),
        "two": Camera(maker="read", secret_file=str(tmp_path / "two")),
        "bytes": Camera(maker="read", secret_file=str(tmp_path / "bytes")),
        "t1": Camera(maker="read", auth="bearer"),
        "t2": Camera(maker="read", auth="bearer"),
    }
    with pytest.raises(AccessError) as error:
        Access(cameras, {"ANPR_CAMERA_T1": "hidden", "ANPR_CAMERA_T2": "hidden"})
    assert [fault.field for fault in error.value.faults] == [
        "cameras.none.secret_file",
        "cameras.gone.secret_file",
        "cameras.empty.secret_file",
        "cameras.two.secret_file",
        "cameras.bytes.secret_file",
        "ANPR_CAMERA_T2",
    ]
    assert "ANPR_CAMERA_NONE" in str(error.value)
    assert "hidden" not in str(error.value)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("in the file\r\n")
    cameras = {"b1": Camera(maker="read", secret_file=str(file))}
    assert asked(Access(cameras, {}), basic("b1", "in the file")) == "b1"
    assert asked(Access(cameras, {"ANPR_CAMERA_B1": "set"}), basic("b1", "set")) == "b1"
    assert asked(Access(cameras, {"ANPR_CAMERA_B1": "set"}), basic("b1", "in the file")) == 401
    assert "ANPR_CAMERA_B1" not in os.environ
