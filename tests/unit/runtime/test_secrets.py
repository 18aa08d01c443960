"""Secrets do not print, and a secret that cannot be used is a fault that does not show it."""

import copy
import pickle
from pathlib import Path

import pytest

from streams.runtime.secrets import Secret, SecretReader, SecretSource

TEXT = "s3cret-Übung"


def source(path: str | Path | None) -> SecretSource:
    return SecretSource("ANPR_TEST_SECRET", "secret_file", None if path is None else str(path))


def test_a_secret_reveals_its_text_only_when_asked() -> None:
    secret = Secret(TEXT)
    assert secret.reveal() == TEXT
    assert f"{secret} {secret!r} {[secret]}" == "Secret(hidden) Secret(hidden) [Secret(hidden)]"
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_not_pickled_and_a_copy_is_the_secret_itself() -> None:
    secret = Secret(TEXT)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
    assert copy.deepcopy(secret) is secret
    assert copy.copy(secret) is secret


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_is_read_without_its_line_ending(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes((TEXT + ending).encode())
    reader = SecretReader({"ANPR_TEST_SECRET": ""}, max_bytes=len(TEXT.encode()))
    secret = reader.read(source(file))
    assert secret is not None
    assert secret.reveal() == TEXT
    assert reader.field(source(file)) == "secret_file"
    assert not reader.faults


def test_the_environment_takes_precedence_and_the_file_is_not_read() -> None:
    reader = SecretReader({"ANPR_TEST_SECRET": TEXT}, max_bytes=100)
    secret = reader.read(source("/no/such/file"))
    assert secret is not None
    assert secret.reveal() == TEXT
    assert reader.field(source("/no/such/file")) == "ANPR_TEST_SECRET"
    assert not reader.faults


def test_a_secret_that_is_not_set_is_a_fault_only_if_it_is_required() -> None:
    reader = SecretReader({}, max_bytes=100)
    assert reader.read(source(None)) is None
    assert not reader.faults
    assert reader.read(source(None), "`mechanism` PLAIN") is None
    assert [(fault.field, fault.rule) for fault in reader.faults] == [
        ("secret_file", "must be set, or ANPR_TEST_SECRET in the environment, with `mechanism` PLAIN")
    ]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "that is not blank"),
        (b" \n", "that is not blank"),
        (b"hidden\nhidden\n", "of one line without control characters"),
        (b"hidden\0", "of one line without control characters"),
        (b"\xff\xfehidden", "of UTF-8 text"),
        (b"hidden" * 20, "of at most 100 bytes"),
        (b"hidden" * 16 + b"hidden", "of at most 100 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_a_fault(tmp_path: Path, content: bytes, rule: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    reader = SecretReader({}, max_bytes=100)
    assert reader.read(source(file), "`user`") is None
    assert reader.faults == [("secret_file", f"must name a file {rule}", f'"{file}"')]


@pytest.mark.parametrize("path", ["/no/such/file", "/", "a\0b"])
def test_a_file_that_cannot_be_read_is_a_fault(path: str) -> None:
    reader = SecretReader({}, max_bytes=100)
    assert reader.read(source(path)) is None
    (fault,) = reader.faults
    assert fault.rule.startswith("must name a file that can be read (")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (" ", "must hold a secret that is not blank"),
        ("hidden\nhidden", "must hold a secret of one line without control characters"),
        ("hidden" * 20, "must hold a secret of at most 100 bytes"),
    ],
)
def test_a_variable_that_holds_no_secret_is_a_fault_of_the_variable(text: str, rule: str) -> None:
    reader = SecretReader({"ANPR_TEST_SECRET": text}, max_bytes=100)
    assert reader.read(source(None), "`user`") is None
    assert reader.faults == [("ANPR_TEST_SECRET", rule, "")]
