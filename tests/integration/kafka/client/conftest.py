"""Certificates, and a token server."""

from collections.abc import Iterator

import pytest

from tests.support.certificates import Certificates, create_certificates
from tests.support.token_server import TokenServer


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates and keys."""
    return create_certificates(tmp_path_factory.mktemp("pem"))


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    """A running token server over plain HTTP."""
    server = TokenServer()
    yield server
    server.close()
