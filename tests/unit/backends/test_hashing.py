# SPDX-License-Identifier: Apache-2.0
"""Hashes and salts as RabbitMQ reads them."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.backends.hashing import (
    HASHING_ALGORITHMS,
    HashAlgorithm,
    derive_salt,
    rabbitmq_password_hash,
)
from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.secret import Secret

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
ALGORITHMS = st.sampled_from(sorted(HASHING_ALGORITHMS))


def test_vector_of_the_documentation() -> None:
    """The hash that RabbitMQ's own guide computes for salt 908DC60A and password test12."""
    # Source: rabbitmq.com/docs/passwords, "Computing the Password Hash".
    found = rabbitmq_password_hash(Secret("test12"), salt=bytes.fromhex("908DC60A"), algorithm="sha256")
    assert found == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_sha512_is_the_default() -> None:
    """Without an algorithm it is SHA-512, as long as RabbitMQ makes it."""
    salt = b"salt"
    found = rabbitmq_password_hash(Secret("p"), salt=salt)
    assert found == rabbitmq_password_hash(Secret("p"), salt=salt, algorithm="sha512")
    assert len(found) == 92


def test_names_of_the_algorithms() -> None:
    """The names are those that a definitions file takes."""
    assert dict(HASHING_ALGORITHMS) == {
        "sha256": "rabbit_password_hashing_sha256",
        "sha512": "rabbit_password_hashing_sha512",
    }


@given(password=UNICODE, salt=st.binary(min_size=4, max_size=4), algorithm=ALGORITHMS)
def test_form(password: str, salt: bytes, algorithm: HashAlgorithm) -> None:
    """The server finds its salt in the first four bytes and the digest of salt and UTF-8 in the rest."""
    raw = base64.b64decode(
        rabbitmq_password_hash(Secret(password), salt=salt, algorithm=algorithm), validate=True
    )
    assert raw[:4] == salt
    assert raw[4:] == getattr(hashlib, algorithm)(raw[:4] + password.encode("utf-8")).digest()


@pytest.mark.parametrize("salt", [b"", b"abc", b"abcde"], ids=len)
def test_salt_of_another_length(salt: bytes) -> None:
    """A salt that RabbitMQ would cut elsewhere is refused: the hash would never match."""
    with pytest.raises(UsageError) as caught:
        rabbitmq_password_hash(Secret("p"), salt=salt)
    assert str(caught.value) == f"salt: found {len(salt)} bytes, RabbitMQ reads exactly 4"


def test_unknown_algorithm() -> None:
    """An algorithm that RabbitMQ has not, or that is broken, is refused with those it has."""
    with pytest.raises(UsageError) as caught:
        rabbitmq_password_hash(Secret("p"), salt=b"salt", algorithm="md5")  # type: ignore[arg-type]
    assert str(caught.value) == "algorithm: found 'md5', expected one of sha256, sha512"


@given(cluster=UNICODE, user_name=UNICODE, password=UNICODE)
def test_salt_repeats(cluster: str, user_name: str, password: str) -> None:
    """The same cluster, user and password give the same four bytes."""
    salt = derive_salt(cluster, user_name, Secret(password))
    assert salt == derive_salt(cluster, user_name, Secret(password))
    assert len(salt) == 4


def test_salt_stays_what_it_is() -> None:
    """A later version derives the same salt, or every definitions file would change with the upgrade."""
    assert derive_salt("rpc", "openstack", Secret("correct horse")).hex() == "aef1d3ec"


@pytest.mark.parametrize(
    ("cluster", "user_name", "password"),
    [
        pytest.param("notify", "openstack", "p", id="cluster"),
        pytest.param("rpc", "health", "p", id="user"),
        pytest.param("rpc", "openstack", "q", id="password"),
        pytest.param("rpco", "penstack", "p", id="border between cluster and user"),
        pytest.param("openstack", "rpc", "p", id="exchanged"),
    ],
)
def test_salt_differs(cluster: str, user_name: str, password: str) -> None:
    """Another cluster, user or password gives another salt."""
    assert derive_salt(cluster, user_name, Secret(password)) != derive_salt("rpc", "openstack", Secret("p"))


def test_half_a_surrogate_pair() -> None:
    """A password that UTF-8 cannot write is refused, and no part of it is in the error or its context."""
    password = Secret("canary\ud800")
    for call in (
        lambda: rabbitmq_password_hash(password, salt=b"salt"),
        lambda: derive_salt("rpc", "openstack", password),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert str(caught.value) == "password: holds half of a surrogate pair, which UTF-8 cannot write"
        assert caught.value.__context__ is None
