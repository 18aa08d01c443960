"""Secrets of cameras: their sources, and their faults, which are reported together and show no secret."""

from pathlib import Path

import pytest

from streams.gateway.config import GatewayCameraConfig
from streams.gateway.http.access import Access, AccessError
from streams.gateway.http.access.camera_secrets import environment_variable
from tests.unit.gateway.http.access.test_access import basic, identify


def faults(cameras: dict[str, GatewayCameraConfig], environ: dict[str, str] | None = None) -> dict[str, str]:
    """Return the broken rules by field, after checking that none shows a secret: each has "hidden" in it."""
    with pytest.raises(AccessError) as error:
        Access(cameras, environ or {})
    assert "hidden" not in str(error.value)
    assert len({fault.field for fault in error.value.faults}) == len(error.value.faults)
    return {fault.field: fault.rule for fault in error.value.faults}


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    contents = {
        "empty": b"",
        "blank": b" \n",
        "two": b"hidden one\nhidden two\n",
        "bytes": b"\xff\xfehidden",
        "long": b"hidden" * 1000,
        "zero": b"hidden\0",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    cameras = {
        name: GatewayCameraConfig(vendor="read", secret_file=str(tmp_path / name))
        for name in (*contents, "gone")
    } | {
        "folder": GatewayCameraConfig(vendor="read", secret_file=str(tmp_path)),
        "home": GatewayCameraConfig(vendor="read", secret_file="~nobody/secret"),
        "nul": GatewayCameraConfig(vendor="read", secret_file="a\0b"),
        "none": GatewayCameraConfig(vendor="read", auth="digest"),
        "t1": GatewayCameraConfig(vendor="read", auth="bearer"),
        "t2": GatewayCameraConfig(vendor="read", auth="bearer"),
        "t3": GatewayCameraConfig(vendor="read", auth="bearer"),
        "x1": GatewayCameraConfig(vendor="read", auth="certificate", secret_file=str(tmp_path / "gone")),
        "x2": GatewayCameraConfig(vendor="read", auth="certificate"),
        "u1": GatewayCameraConfig(vendor="read", user="a:b"),
    }
    environ = {
        "ANPR_CAMERA_T1": "hidden",
        "ANPR_CAMERA_T2": "hidden",
        "ANPR_CAMERA_T3": "hidden ",
        "ANPR_CAMERA_X2": "hidden",
        "ANPR_CAMERA_U1": "hidden",
    }
    rules = faults(cameras, environ)
    files = [f"cameras.{name}.secret_file" for name in cameras if name[1:] not in ("1", "2", "3")]
    variables = ["ANPR_CAMERA_T2", "ANPR_CAMERA_T3", "ANPR_CAMERA_X2"]
    assert set(rules) == {*files, *variables, "cameras.x1.secret_file", "cameras.u1.user"}
    assert "ANPR_CAMERA_NONE" in rules["cameras.none.secret_file"]


def test_a_variable_of_two_cameras_is_a_fault_if_it_is_set(tmp_path: Path) -> None:
    files = {}
    for name in ("a-b", "a_b"):
        (tmp_path / name).write_text(f"secret of {name}")
        files[name] = GatewayCameraConfig(vendor="read", secret_file=str(tmp_path / name))
    assert identify(Access(files, {}), basic("a_b", "secret of a_b")) == "a_b"
    assert list(faults(files, {"ANPR_CAMERA_A_B": "hidden"})) == ["ANPR_CAMERA_A_B"]


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_the_environment_takes_precedence_over_the_file(tmp_path: Path, line_end: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(f"in the file{line_end}".encode())
    cameras = {"b1": GatewayCameraConfig(vendor="read", secret_file=str(file))}
    assert identify(Access(cameras, {}), basic("b1", "in the file")) == "b1"
    assert identify(Access(cameras, {"ANPR_CAMERA_B1": ""}), basic("b1", "in the file")) == "b1"
    assert identify(Access(cameras, {"ANPR_CAMERA_B1": "set"}), basic("b1", "set")) == "b1"
    assert identify(Access(cameras, {"ANPR_CAMERA_B1": "set"}), basic("b1", "in the file")) == 401


def test_a_file_is_not_read_if_the_variable_is_set() -> None:
    cameras = {"b1": GatewayCameraConfig(vendor="read", secret_file="gone")}
    assert identify(Access(cameras, {"ANPR_CAMERA_B1": "set"}), basic("b1", "set")) == "b1"


@pytest.mark.parametrize(
    ("camera_id", "variable"), [("be.e40-1", "ANPR_CAMERA_BE_E40_1"), ("köln", "ANPR_CAMERA_K_LN")]
)
def test_the_environment_variable_of_a_camera(camera_id: str, variable: str) -> None:
    assert environment_variable(camera_id) == variable
