# SPDX-License-Identifier: Apache-2.0
"""Password hashes as RabbitMQ's definitions files hold them.

Source: rabbitmq-server, ``deps/rabbit/src/rabbit_password.erl`` and
``rabbit_password_hashing_sha{256,512}.erl`` beside it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.secret import Secret

HashAlgorithm = Literal["sha256", "sha512"]

DEFAULT_HASH_ALGORITHM: HashAlgorithm = "sha512"

HASHING_ALGORITHMS: Mapping[HashAlgorithm, str] = MappingProxyType(
    {
        "sha256": "rabbit_password_hashing_sha256",
        "sha512": "rabbit_password_hashing_sha512",
    }
)
"""RabbitMQ's name of each algorithm, for ``hashing_algorithm`` beside the hash: where it is left out the
server takes SHA-256, and a SHA-512 hash never matches."""

_SALT_SIZE_BYTES = 4
_SALT_PURPOSE = b"tripleo-messaging rabbitmq password salt"


def rabbitmq_password_hash(
    password: Secret, *, salt: bytes, algorithm: HashAlgorithm = DEFAULT_HASH_ALGORITHM
) -> str:
    """Return ``base64(salt + H(salt + utf8(password)))``, the ``password_hash`` of a definitions file.

    It is one round of a fast hash, so it is itself kept like a secret, and guards only long random passwords.

    Args:
        password: what the user logs in with.
        salt: 4 bytes, see `derive_salt`.
        algorithm: a key of `HASHING_ALGORITHMS`.

    Raises:
        UsageError: the salt is not 4 bytes, the algorithm is unknown, or the password is no Unicode text.
    """
    if len(salt) != _SALT_SIZE_BYTES:
        raise UsageError(f"salt: found {len(salt)} bytes, RabbitMQ reads exactly {_SALT_SIZE_BYTES}")
    if algorithm not in HASHING_ALGORITHMS:
        raise UsageError(f"algorithm: found {algorithm!r}, expected one of {', '.join(HASHING_ALGORITHMS)}")
    digest = hashlib.new(algorithm, salt + _utf8("password", password.reveal())).digest()
    return base64.b64encode(salt + digest).decode("ascii")


def derive_salt(cluster: str, user_name: str, password: Secret) -> bytes:
    """Derive the 4 bytes of salt for one user of one cluster.

    The same arguments give the same salt, so that rendering twice gives the same bytes; another
    cluster, user or password gives another, so that equal passwords do not show as equal hashes.
    Nobody without the password can foretell it.

    Raises:
        UsageError: an argument is no Unicode text.
    """
    names = _length_prefixed("cluster", cluster) + _length_prefixed("user_name", user_name)
    key = _utf8("password", password.reveal())
    return hmac.new(key, _SALT_PURPOSE + names, hashlib.sha256).digest()[:_SALT_SIZE_BYTES]


def _length_prefixed(what: str, text: str) -> bytes:
    # Without the lengths ("ab", "c") and ("a", "bc") would be one.
    encoded = _utf8(what, text)
    return len(encoded).to_bytes(4, "big") + encoded


def _utf8(what: str, text: str) -> bytes:
    # Looked for, not caught: a UnicodeEncodeError carries the whole text, and tracebacks show it.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{what}: holds half of a surrogate pair, which UTF-8 cannot write")
    return text.encode()
