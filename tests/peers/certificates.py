"""An authority and the certificates it signs, for the length of a test."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path, name: str, at: datetime) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._at = folder, at
        self._key = rsa.generate_private_key(65537, 2048)
        self._name = _named(name)
        self.file = folder / f"{name}.pem"
        made = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        self._certificate = made.sign(self._key, hashes.SHA256())
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def signs(self, name: str) -> tuple[str, str]:
        """The files of a new certificate for loopback and of its key."""
        key = rsa.generate_private_key(65537, 2048)
        loopback = x509.SubjectAlternativeName([
            x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost"),
        ])
        made = self._builder(_named(name), key).add_extension(loopback, critical=False)
        certificate = made.add_extension(x509.BasicConstraints(False, None), critical=True).sign(
            self._key, hashes.SHA256()
        )
        places = self._folder / f"{name}-certificate.pem", self._folder / f"{name}-key.pem"
        places[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        places[1].write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption(),
        ))
        return str(places[0]), str(places[1])

    def _builder(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(self._at - timedelta(days=1))
            .not_valid_after(self._at + timedelta(days=2))
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
