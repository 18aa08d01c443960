"""Certificates for tests, signed by an authority of their own."""

import datetime
import ipaddress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY_PASSWORD = "s3cret-Übung"
"""The password of the encrypted key."""


class Certificates(NamedTuple):
    """Paths of PEM files; the certificate is signed by the authority, for 127.0.0.1."""

    ca: str
    cert: str
    key: str
    encrypted_key: str
    other_key: str


def create_certificates(folder: Path) -> Certificates:
    """Write new ones into a folder; the common name of the certificate is `test`."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    ca_key, key, other_key = keys
    ca_name, subject_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("test authority", "test")
    )

    def certificate(subject: x509.Name, public_key: ec.EllipticCurvePublicKey, is_ca: bool) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder(ca_name, subject, public_key, x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        if not is_ca:
            addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def private_key(
        private: ec.EllipticCurvePrivateKey, encryption: serialization.KeySerializationEncryption
    ) -> bytes:
        return private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )

    unencrypted = serialization.NoEncryption()
    contents = {
        "ca.pem": certificate(ca_name, ca_key.public_key(), True),
        "cert.pem": certificate(subject_name, key.public_key(), False),
        "key.pem": private_key(key, unencrypted),
        "encrypted.pem": private_key(key, serialization.BestAvailableEncryption(KEY_PASSWORD.encode())),
        "other.pem": private_key(other_key, unencrypted),
    }
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    return Certificates(*(str(folder / file) for file in contents))
