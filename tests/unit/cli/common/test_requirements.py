"""A command whose packages are missing says what to install."""

import pytest

from streams.cli.common.requirements import require_packages
from streams.runtime.errors import OperatorError


def test_missing_packages_are_named_with_what_to_install() -> None:
    with pytest.raises(OperatorError) as raised:
        require_packages(("click", "no_such_package"), "stream")
    message = str(raised.value)
    assert "no_such_package" in message
    assert "click" not in message
    assert "anpr-streams[stream]" in message


def test_packages_that_are_installed_are_not_named() -> None:
    require_packages(("click",), "stream")
