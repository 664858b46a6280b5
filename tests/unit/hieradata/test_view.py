# SPDX-License-Identifier: Apache-2.0
"""What the client keys say of a whole URL out of the secrets."""

from __future__ import annotations

import pytest

from tests.support.topologies import secrets, topology
from tripleo_messaging.hieradata.build import build


@pytest.mark.parametrize(
    ("url", "is_encrypted"),
    [
        ("rabbit://u:urlsecret@mq.example.org:5671/?ssl=1", True),
        ("rabbit://u:urlsecret@mq.example.org:5671/?ssl=True", True),
        ("rabbit://u:urlsecret@mq.example.org:5672/?ssl=0", False),
        ("rabbit://u:urlsecret@mq.example.org:5672/", False),
        ("kafka://u:urlsecret@mq.example.org:9093?security_protocol=SASL_SSL", True),
        ("kafka://mq.example.org:9093?security_protocol=SSL", True),
        ("kafka://u:urlsecret@mq.example.org:9092?security_protocol=SASL_PLAINTEXT", False),
        ("kafka://mq.example.org:9092?security_protocol=PLAINTEXT", False),
    ],
)
def test_use_ssl_is_what_the_url_says(url: str, is_encrypted: bool):
    """Whatever the driver calls it, use_ssl tells whether clients of that URL speak TLS."""
    data = build(topology("external URL"), secrets(NotifyTransportUrl=url))["all.json"]
    assert data["messaging_notify_use_ssl"] is is_encrypted
    assert data["oslo_messaging_notify_use_ssl"] == str(is_encrypted)
