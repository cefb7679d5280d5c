"""A self-signed certificate for the simulated cluster, whose fingerprint the panel pins. For the stack and the tests."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from launcher.secrets_file import write_whole

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated Proxmox VE")])
HOSTS = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])


def certificate(folder: Path) -> tuple[Path, Path, str]:
    """(certificate, key, SHA-256 fingerprint as colon hex), made where they are not there yet."""
    pem, key = folder / "simulator.crt", folder / "simulator.key"
    if not pem.exists() or not key.exists():
        make(pem, key)
    loaded = x509.load_pem_x509_certificate(pem.read_bytes())
    return pem, key, loaded.fingerprint(hashes.SHA256()).hex(":").upper()


def make(pem: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(NAME, NAME, private.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=3650))
    builder = builder.add_extension(HOSTS, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_whole(key, private.private_bytes(*form))
    write_whole(pem, builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
