"""No secret of a connection is printed, logged or pickled."""

import copy
import logging
import pickle
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streams.cli.main import main
from streams.kafka.client import CLIENT_SECRET_VARIABLE, connection_from_settings
from streams.settings.load import parse_settings
from tests.support.certificates import KEY_PASSWORD
from tests.support.kafka_configs import PASSWORD_ENVIRON, oauth_config, password_config


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    """A file with the secret as an editor writes it."""
    file = tmp_path / "secret"
    file.write_text(KEY_PASSWORD + "\n", "utf-8")
    return str(file)


def test_no_secret_is_printed_logged_or_pickled(secret_file: str, caplog: pytest.LogCaptureFixture) -> None:
    connection = connection_from_settings(password_config("PLAIN", password_file=secret_file), {})
    tokens = connection_from_settings(oauth_config(), {CLIENT_SECRET_VARIABLE: KEY_PASSWORD})
    assert connection.password is not None
    assert connection.password.reveal() == KEY_PASSWORD
    printed = [connection, connection.password, tokens, tokens.token_source, connection.for_faust()]
    printed += [each.for_aiokafka() for each in (connection, tokens)]
    printed += [each.for_kafka_python() for each in (connection, tokens)]
    for value in printed:
        assert KEY_PASSWORD not in f"{value!r} {value} {[value]}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(connection.password)
    assert copy.deepcopy(connection.password) is connection.password
    # This client logs its arguments. Set on its own logger, as another test may have set another level there.
    caplog.set_level(logging.DEBUG, logger="kafka")
    with socket.socket() as unanswered:
        unanswered.bind(("127.0.0.1", 0))
        options = connection.for_kafka_python()
        options["bootstrap_servers"] = f"127.0.0.1:{unanswered.getsockname()[1]}"
        with pytest.raises(KafkaError):
            KafkaAdminClient(**options, request_timeout_ms=500, bootstrap_timeout_ms=500)
    assert "Starting KafkaAdminClient" in caplog.text
    assert KEY_PASSWORD not in caplog.text


def test_a_secret_in_the_settings_is_refused_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "border.toml"
    file.write_text(f'[kafka]\npassword = "{KEY_PASSWORD}"\n', "utf-8")
    result = CliRunner().invoke(main, ["config", "check", "--config", str(file)])
    assert result.exit_code == 1
    assert "kafka.password: unknown key of [kafka]; did you mean password_file?" in result.stderr
    assert KEY_PASSWORD not in result.output


def test_config_show_prints_the_file_of_a_secret_and_not_the_secret(tmp_path: Path, secret_file: str) -> None:
    file = tmp_path / "border.toml"
    file.write_text(
        '[kafka]\nsecurity = "sasl-tls"\nmechanism = "SCRAM-SHA-512"\nusername = "worker"\n'
        f'password_file = "{secret_file}"\n'
    )
    result = CliRunner().invoke(main, ["config", "show", "--config", str(file)], env=PASSWORD_ENVIRON)
    assert result.exit_code == 0
    assert f'password_file = "{secret_file}"' in result.stdout
    assert KEY_PASSWORD not in result.output
    assert parse_settings(result.stdout, "shown").kafka.username == "worker"
