"""Certificates for tests: an authority of their own, and what it signed."""

import datetime
import ipaddress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY_PASSWORD = "s3cret-Übung"
"""What opens the encrypted key."""


class Certificates(NamedTuple):
    """PEM files: an authority, what it signed for 127.0.0.1, and its key, open and encrypted."""

    ca: str
    cert: str
    key: str
    encrypted_key: str
    other_key: str


def create_certificates(folder: Path) -> Certificates:
    """Made anew in a folder; the name of what was signed is `test`."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    ca_key, key, other = keys
    ca_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in ("test authority", "test")
    )

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, ca: bool) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder(ca_name, subject, public, x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if not ca:
            here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            made = made.add_extension(x509.SubjectAlternativeName(here), critical=False)
        return made.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def private(of: ec.EllipticCurvePrivateKey, lock: serialization.KeySerializationEncryption) -> bytes:
        return of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)

    unlocked = serialization.NoEncryption()
    contents = {
        "ca.pem": certificate(ca_name, ca_key.public_key(), True),
        "cert.pem": certificate(name, key.public_key(), False),
        "key.pem": private(key, unlocked),
        "encrypted.pem": private(key, serialization.BestAvailableEncryption(KEY_PASSWORD.encode())),
        "other.pem": private(other, unlocked),
    }
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    return Certificates(*(str(folder / file) for file in contents))
