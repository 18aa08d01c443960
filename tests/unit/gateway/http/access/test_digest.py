"""Digest access: the examples of the standards, another client, and responses that are valid once."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import ClientSession, DigestAuthMiddleware
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.config import GatewayCameraConfig
from streams.gateway.http.access import Access, Login, Unauthorised
from streams.gateway.http.access.digest import DigestChallenges, is_valid_response, parse_authorization
from streams.records.times import Millis
from tests.support.gateways import SECRET, running_gateway
from tests.unit.gateway.http.access.test_access import ENVIRON, NOW_MS, identify

D1 = GatewayCameraConfig(vendor="read", auth="digest")


def make_access(cameras: Mapping[str, GatewayCameraConfig] | None = None) -> Access:
    return Access(cameras or {"d1": D1}, ENVIRON)


def digest(
    challenge: str, user: str, secret: str, uri: str = "/", count: int | None = 1, **changes: str
) -> str:
    """Return the response to a challenge by RFC 7616, 3.4; by RFC 2069 without a count."""
    parts = dict(part.split("=", 1) for part in challenge.removeprefix("Digest ").split(", "))
    fields = {name: value.strip('"') for name, value in parts.items()} | changes
    algorithm = {"SHA-256": "sha256", "MD5": "md5"}[fields["algorithm"]]
    hash_ = lambda text: hashlib.new(algorithm, text.encode()).hexdigest()  # noqa: E731
    user_hash, request_hash = hash_(f"{user}:{fields['realm']}:{secret}"), hash_(f"POST:{uri}")
    header = f'username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
    header += f"algorithm={fields['algorithm']}, "
    if count is None:
        response = hash_(f"{user_hash}:{fields['nonce']}:{request_hash}")
        return f'Digest {header}response="{response}"'
    nonce_fields = f"{fields['nonce']}:{count:08x}:c0ffee:auth"
    response = hash_(f"{user_hash}:{nonce_fields}:{request_hash}")
    return f'Digest {header}qop=auth, nc={count:08x}, cnonce="c0ffee", response="{response}"'


def challenges(access: Access, now_ms: Millis = NOW_MS) -> list[str]:
    with pytest.raises(Unauthorised) as unauthorised:
        access.identify_camera(Login("POST", "/", None, None), now_ms)
    assert unauthorised.value.status == 401 and unauthorised.value.is_challenge
    return [each for each in unauthorised.value.challenges if each.startswith("Digest")]


EXAMPLES = {
    "RFC 7616, 3.9.1, SHA-256": (
        "Circle of Life",
        'username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    ),
    "RFC 7616, 3.9.1, MD5": (
        "Circle of Life",
        'username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
        'response="8ca523f5e9506fed4657c9700eebdbec", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    ),
    "RFC 2617, 3.5": (
        "Circle Of Life",
        'username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    ),
    "RFC 2069, 2.4, with its erratum 749": (
        "CircleOfLife",
        'username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    ),
}


@pytest.mark.parametrize(("secret", "header"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_examples_of_the_standards(secret: str, header: str) -> None:
    fields = parse_authorization(header)
    assert is_valid_response(fields, "GET", "/dir/index.html", secret)
    assert not is_valid_response(fields, "GET", "/dir/index.html", secret + " ")
    assert not is_valid_response(fields, "POST", "/dir/index.html", secret)
    assert not is_valid_response(fields, "GET", "/dir/index.html?", secret)
    assert not is_valid_response(fields | {"username": "mufasa"}, "GET", "/dir/index.html", secret)
    assert not is_valid_response(fields | {"algorithm": "MD5-sess"}, "GET", "/dir/index.html", secret)


@pytest.mark.parametrize("path", ["/", "/cameras/c1", "/a%7Eb/%2f?time=1%202&x=%e4"])
def test_digest_with_another_client_over_http(tmp_path: Path, path: str) -> None:
    async def send_all() -> list[int]:
        async with running_gateway(tmp_path, {"c1": D1}) as environment:
            statuses = []
            for secret in (SECRET, "another"):
                client = DigestAuthMiddleware("c1", secret)
                async with ClientSession(middlewares=(client,)) as session:
                    for _ in range(12):
                        async with session.post(environment.url + path, data=b"{}") as response:
                            statuses.append(response.status)
            return statuses

    statuses = asyncio.run(send_all())
    # The event itself is not a read (422). Each failed login counts, up to ten.
    assert statuses[:12] == [422] * 12
    assert set(statuses[12:]) == {401, 429}


@pytest.mark.parametrize("challenge_index", [0, 1], ids=["SHA-256", "MD5"])
@pytest.mark.parametrize("count", [1, None], ids=["RFC 7616", "RFC 2069"])
def test_digest_logins(challenge_index: int, count: int | None) -> None:
    access = make_access()
    challenge = challenges(access)[challenge_index]
    assert identify(access, digest(challenge, "d1", "secret of D1", count=count)) == "d1"
    assert identify(access, digest(challenge, "d1", "another", count=count)) == 401
    assert identify(access, digest(challenge, "d1", "secret of D1", uri="/other", count=count)) == 401
    assert identify(access, digest(challenge, "b1", "secret of B1", count=count)) == 401
    assert identify(access, digest(challenge, "d1", "secret of D1", count=count, realm="other")) == 401
    assert identify(access, digest(challenge, "d1", "secret of D1", count=count, realm="", nonce="")) == 401


@pytest.mark.parametrize("count", [1, None], ids=["RFC 7616", "RFC 2069"])
def test_a_nonce_of_another_process_is_stale_and_not_a_failed_login(count: int | None) -> None:
    header = digest(challenges(make_access())[0], "d1", "secret of D1", count=count)
    with pytest.raises(Unauthorised) as unauthorised:
        make_access().identify_camera(Login("POST", "/", header, None), NOW_MS)
    assert unauthorised.value.status == 401 and unauthorised.value.is_challenge
    with pytest.raises(Unauthorised) as unauthorised:
        header = digest(challenges(make_access())[0], "d1", "another", count=count)
        make_access().identify_camera(Login("POST", "/", header, None), NOW_MS)
    assert unauthorised.value.status == 401 and not unauthorised.value.is_challenge


def test_a_response_is_valid_once_and_for_five_minutes() -> None:
    access = make_access()
    challenge = challenges(access)[0]
    first = digest(challenge, "d1", "secret of D1", count=1)
    assert identify(access, first) == "d1"
    assert identify(access, first) == 401
    assert identify(access, digest(challenge, "d1", "secret of D1", count=3)) == "d1"
    assert identify(access, digest(challenge, "d1", "secret of D1", count=2)) == 401
    assert identify(access, digest(challenge, "d1", "secret of D1", count=4), now_ms=NOW_MS + 299_000) == "d1"
    late = digest(challenge, "d1", "secret of D1", count=5)
    with pytest.raises(Unauthorised) as unauthorised:
        access.identify_camera(Login("POST", "/", late, None), NOW_MS + 301_000)
    assert unauthorised.value.is_challenge
    assert all("stale=true" in each for each in unauthorised.value.challenges if each.startswith("Digest"))


def test_no_response_is_valid_again_when_counts_are_evicted() -> None:
    digests = DigestChallenges(b"a key")
    nonces = [
        parse_authorization(digests.build_challenges(NOW_MS + number)[0])["nonce"] for number in range(10_100)
    ]
    used = [{"realm": "anpr", "qop": "auth", "nc": "00000001", "nonce": nonce} for nonce in nonces]
    assert all(digests.use_nonce(fields, NOW_MS + 10_100) == "good" for fields in used)
    assert all(digests.use_nonce(fields, NOW_MS + 10_100) == "stale" for fields in used)
    last = used[-1] | {"nc": "00000002"}
    assert digests.use_nonce(last, NOW_MS + 10_100) == "good"


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), max_size=30))
def test_no_count_of_a_nonce_is_valid_twice(attempts: list[tuple[int, int]]) -> None:
    access = make_access()
    offered = [challenges(access)[0] for _ in range(3)]
    valid = [
        (index, count)
        for index, count in attempts
        if identify(access, digest(offered[index], "d1", "secret of D1", count=count)) == "d1"
    ]
    assert len(valid) == len(set(valid))
    assert {index for index, _ in valid} == {index for index, _ in attempts}


@pytest.mark.parametrize("count", [1, None], ids=["with a count", "without"])
def test_an_empty_realm_and_nonce_are_valid_for_dahua_only(count: int | None) -> None:
    cameras = {"dahua": GatewayCameraConfig(vendor="dahua", auth="digest"), "d1": D1}  # type: ignore[arg-type]
    access = make_access(cameras)
    challenge = challenges(access)[1]
    empty = {"realm": "", "nonce": ""}
    assert identify(access, digest(challenge, "dahua", "secret of DAHUA", count=count, **empty)) == "dahua"
    assert identify(access, digest(challenge, "dahua", "another", count=count, **empty)) == 401
    assert identify(access, digest(challenge, "d1", "secret of D1", count=count, **empty)) == 401
    assert identify(access, digest(challenge, "dahua", "secret of DAHUA", count=count)) == "dahua"


def test_cameras_with_one_login_are_distinguished_by_the_path_whatever_their_vendors() -> None:
    cameras = {
        "d1": GatewayCameraConfig(vendor="read", auth="digest", user="both"),
        "d2": GatewayCameraConfig(vendor="dahua", auth="digest", user="both"),  # type: ignore[arg-type]
    }
    access = Access(cameras, dict.fromkeys(("ANPR_CAMERA_D1", "ANPR_CAMERA_D2"), "same"))
    for name in cameras:
        uri = f"/cameras/{name}"
        assert identify(access, digest(challenges(access)[0], "both", "same", uri=uri), uri) == name
    assert identify(access, digest(challenges(access)[0], "both", "same")) == 400
    bare = digest(challenges(access)[0], "both", "same", uri="/cameras/d1", realm="", nonce="")
    assert identify(access, bare, "/cameras/d1") == 403
