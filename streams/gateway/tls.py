"""TLS of the gateway's server."""

import ssl

from streams.gateway.config import GatewayConfig
from streams.runtime.errors import OperatorError


class TlsError(OperatorError):
    """A certificate, key or authority file cannot be used; the message says which and why."""


def build_server_context(config: GatewayConfig) -> ssl.SSLContext | None:
    """Return the TLS context of the server; None without a certificate.

    With `client_ca_file`, a camera is asked for its own certificate. It need not have one, for it may log in
    by password. Raises TlsError for files that cannot be used.
    """
    if config.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.cert_file, config.key_file)
    except OSError as error:  # ssl.SSLError is one
        raise TlsError(
            f"[gateway] cert_file = {config.cert_file!r} and key_file = {config.key_file!r} cannot be used: "
            f"{error.strerror or error}; set them to a certificate and its key in PEM"
        ) from error
    if config.client_ca_file is not None:
        try:
            context.load_verify_locations(config.client_ca_file)
        except OSError as error:
            raise ca_file_error("client_ca_file", config.client_ca_file, error) from error
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def ca_file_error(key: str, path: str, error: OSError) -> TlsError:
    """Return the error of a file of authorities, named by its key in `[gateway]`."""
    return TlsError(
        f"[gateway] {key} = {path!r} cannot be used: {error.strerror or error}; set it to a PEM file of "
        "certificates"
    )
