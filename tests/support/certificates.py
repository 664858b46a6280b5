# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for tests, made and placed as files."""

from __future__ import annotations

import datetime as dt
import functools
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.support.namespaces import NamespaceHost
from tripleo_messaging.tls.create import KeyPair, create_authority, create_certificate


def now() -> dt.datetime:
    """Return this instant, aware UTC, as whole seconds."""
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


@functools.cache
def authority(name: str) -> KeyPair:
    """Return the CA of a name, valid for a year; the same one throughout a run of tests."""
    return create_authority(name, now=now(), days=365)


def certificate(
    ca: KeyPair, *hosts: str, days: int = 5, usages: Sequence[str] = ("server", "client")
) -> KeyPair:
    """Return a certificate for hosts, by their DNS names and IP addresses; a client's has none."""
    return create_certificate(ca, hosts[0] if hosts else "client", hosts, now=now(), days=days, usages=usages)


@attrs.frozen(kw_only=True)
class Placed:
    """Files of a certificate.

    Attributes:
        ca_file: the CA certificates, mode 0644.
        certificate_file: mode 0644.
        key_file: mode 0600.
    """

    ca_file: Path
    certificate_file: Path
    key_file: Path

    def as_tls(self, **more: object) -> dict[str, object]:
        """Return a plan's mapping of TLS settings with these files."""
        paths = {field.name: str(getattr(self, field.name)) for field in attrs.fields(Placed)}
        return {"enabled": True, **paths, **more}


def place(directory: Path, name: str, pair: KeyPair, *authorities: KeyPair) -> Placed:
    """Write ``NAME.crt``, ``NAME.key`` and ``NAME-ca.crt`` (every authority's) into a directory.

    What is there is replaced, as a renewal or a rotation does it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    placed = Placed(
        ca_file=directory / f"{name}-ca.crt",
        certificate_file=directory / f"{name}.crt",
        key_file=directory / f"{name}.key",
    )
    placed.ca_file.write_bytes(b"".join(one.certificate for one in authorities))
    placed.certificate_file.write_bytes(pair.certificate)
    placed.key_file.touch(mode=0o600)
    placed.key_file.write_bytes(pair.key)
    return placed


def refusal(
    server: Placed, ca_file: Path, host: str, client: Optional[Placed] = None, *, is_strict: bool = True
) -> str:
    """Shake hands in memory, and say how that ends.

    Args:
        server: what the server shows, and whose CA file its clients are verified by, where one shows any.
        ca_file: whom the client trusts.
        host: whom the client means to speak with.
        client: what the client shows.
        is_strict: whether every extension of RFC 5280 is asked for, the default from Python 3.13 on;
            without, it is as before.

    Returns:
        Why one of them does not want to; empty when both do.
    """
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        _client_context(ca_file, client, is_strict=is_strict).wrap_bio(down, up, server_hostname=host),
        _server_context(server, is_mutual=client is not None).wrap_bio(up, down, server_side=True),
    )
    for end in ends * 4:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return str(error.verify_message)
    assert all(end.version() for end in ends)
    return ""


def _client_context(ca_file: Path, shown: Optional[Placed], *, is_strict: bool) -> ssl.SSLContext:
    # As clients of brokers make it; a default one takes intermediate authorities from Python 3.13 on.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    if is_strict:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    if shown:
        context.load_cert_chain(shown.certificate_file, shown.key_file)
    return context


def _server_context(shown: Placed, *, is_mutual: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate_file, shown.key_file)
    if is_mutual:
        context.load_verify_locations(shown.ca_file)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def signed(
    subject: str,
    key: object,
    issuer: str,
    signing_key: object,
    *extensions: x509.ExtensionType,
    algorithm: Optional[hashes.HashAlgorithm] = None,
) -> bytes:
    """Return a certificate in PEM with just these extensions, as odd as they are."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - dt.timedelta(days=1))
        .not_valid_after(now() + dt.timedelta(days=100))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(signing_key, algorithm or hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def named(common_name: str) -> x509.Name:
    """Return a subject that is a common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def put(host: NamespaceHost, name: str, pair: KeyPair, owner: str = "rabbitmq") -> None:
    """Place a certificate and its key on a host, as who issues certificates there does it."""
    host.write(f"/etc/pki/{name}.crt", pair.certificate.decode())
    host.write(f"/etc/pki/{name}.key", pair.key.decode())
    host.must_run("chown", owner, f"/etc/pki/{name}.key")
    host.must_run("chmod", "0400", f"/etc/pki/{name}.key")


def tls_settings(service: str, authorities: Sequence[KeyPair], **more: Any) -> dict[str, Any]:
    """Return the TLS settings of a service's plan, its authorities to be placed by Puppet."""
    return {
        "enabled": True,
        "ca_file": f"/etc/pki/{service}-ca.crt",
        "ca_certificates": "".join(one.certificate.decode() for one in authorities),
        "certificate_file": f"/etc/pki/{service}.crt",
        "key_file": f"/etc/pki/{service}.key",
        **more,
    }
