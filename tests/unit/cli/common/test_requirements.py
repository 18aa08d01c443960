"""A command whose packages are missing says what to install."""

import pytest

from streams.cli.common.requirements import require_packages


def test_what_is_missing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        require_packages("topics", ("click", "no_such_package"), "stream")
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "anpr topics" in told
    assert "no_such_package" in told
    assert "click" not in told
    assert "anpr-streams[stream]" in told


def test_what_is_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    require_packages("topics", ("click",), "stream")
    assert capsys.readouterr().err == ""
