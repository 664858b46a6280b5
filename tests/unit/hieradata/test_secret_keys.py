# SPDX-License-Identifier: Apache-2.0
"""Which keys are secret, by the contract or by their look."""

from __future__ import annotations

import pytest

from tripleo_messaging.hieradata.keys import KEYS
from tripleo_messaging.hieradata.secret_keys import is_secret_key, is_sensitive_key, level_of

KEYS_BY_NAME = {
    "messaging_rpc_password": True,
    "messaging_notify_transport_url": True,
    "oslo_messaging_rpc_password": True,
    "nova::default_transport_url": True,
    "neutron::agents::notification_transport_url": True,
    "tripleo_messaging::rabbitmq::instance_secrets": True,
    "tripleo_messaging::rabbitmq::instances": False,
    "tripleo_messaging::checksum::all": False,
    "messaging_rpc_port": False,
    "nova::notification_topics": False,
    # Of no contract, so they are judged by their look.
    "messaging_mail_password": True,
    "rabbitmq::erlang_cookie": True,
    "some::token": True,
    "messaging_rpc_sort": False,
}


@pytest.mark.parametrize("key", KEYS_BY_NAME)
def test_secret_keys_are_known(key):
    """The contract decides where it has the key, else the name does."""
    assert is_secret_key(key) is KEYS_BY_NAME[key]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_key_of_the_contract_is_recognised(key):
    """With its placeholders filled, each is as secret, and in the level, as the contract says."""
    for service in key.services:
        name = key.name.format(service=service, consumer="nova", level="all")
        assert is_secret_key(name) is key.is_secret
        assert is_sensitive_key(name) is key.is_sensitive
        assert level_of(name) == key.level


def test_a_key_of_no_contract_is_not_sensitive():
    """However secret it looks, whoever reads it expects what it was."""
    assert not is_sensitive_key("rabbitmq::erlang_cookie")
