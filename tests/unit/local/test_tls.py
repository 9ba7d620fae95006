import ssl
import stat
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509

from gateway.local import tls

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "tls"
    files = tls.create(folder)
    assert [path.name for path in files] == ["ca.pem", "server.pem", "server.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_ca_key_is_not_kept(tmp_path: Path) -> None:
    tls.create(tmp_path)
    keys = [path for path in tmp_path.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert [path.name for path in keys] == ["server.key"]


def test_the_server_certificate_is_the_cas_and_names_loopback_alone(tmp_path: Path) -> None:
    ca_file, cert_file, _ = tls.create(tmp_path, NOW)
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    cert = x509.load_pem_x509_certificate(cert_file.read_bytes())
    cert.verify_directly_issued_by(ca)
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ip_address("127.0.0.1"),
        ip_address("::1"),
    ]
    assert cert.not_valid_before_utc < NOW < cert.not_valid_after_utc
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_strict_client_completes_a_handshake(tmp_path: Path) -> None:
    ca, cert, key = tls.create(tmp_path)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(cert, key)
    client_context = ssl.create_default_context(cafile=str(ca))
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(incoming, outgoing, server_side=True)
    client = client_context.wrap_bio(outgoing, incoming, server_hostname="127.0.0.1")
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version() == "TLSv1.3"


def test_creating_again_replaces_the_files(tmp_path: Path) -> None:
    before = [path.read_bytes() for path in tls.create(tmp_path)]
    after = [path.read_bytes() for path in tls.create(tmp_path)]
    assert all(old != new for old, new in zip(before, after, strict=True))
