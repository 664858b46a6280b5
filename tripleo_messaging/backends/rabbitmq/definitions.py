# SPDX-License-Identifier: Apache-2.0
"""Virtual hosts, users, permissions and policies of a cluster.

Source: RabbitMQ's definitions guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tripleo_messaging.backends.hashing import (
    DEFAULT_HASH_ALGORITHM,
    HASHING_ALGORITHMS,
    derive_salt,
    rabbitmq_password_hash,
)
from tripleo_messaging.backends.protocol import Accounts
from tripleo_messaging.backends.rabbitmq.monitor import MONITOR_SECRET, MONITOR_TAG, MONITOR_USER
from tripleo_messaging.backends.rabbitmq.queues import policies
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.model.topology import Cluster, Login


def definitions(cluster: Cluster, secrets: Secrets) -> str:
    """Return the definitions file of a cluster as JSON text: virtual hosts, users, permissions, policies.

    Passwords stand in it as salted hashes. The salt is derived from cluster, user and password,
    so that the same secrets give the same bytes.
    """
    content: dict[str, Any] = {
        "vhosts": [{"name": name} for name in cluster.virtual_hosts],
        "users": [
            *(_user(cluster, login, secrets) for login in cluster.logins),
            *_monitors(cluster, secrets),
        ],
        "permissions": [
            {"user": login.user_name, "vhost": name, "configure": ".*", "write": ".*", "read": ".*"}
            for login in cluster.logins
            for name in login.virtual_hosts
        ],
    }
    if policies(cluster):
        content["policies"] = policies(cluster)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def accounts_in(text: str) -> Accounts:
    """Return the users and virtual hosts of a definitions file; none of one that is damaged."""
    try:
        content = json.loads(text)
        users, hosts, permissions = content["users"], content["vhosts"], content["permissions"]
        return Accounts(
            users=frozenset(str(user["name"]) for user in users),
            virtual_hosts=frozenset(str(host["name"]) for host in hosts),
            permissions=frozenset((str(one["user"]), str(one["vhost"])) for one in permissions),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Accounts()


def _user(cluster: Cluster, login: Login, secrets: Secrets) -> dict[str, Any]:
    # A text, as RabbitMQ 3.8 reads no list here; every later version reads both.
    return _account(cluster, login.user_name, secrets.require(login.secret), tags="")


def _monitors(cluster: Cluster, secrets: Secrets) -> Iterator[dict[str, Any]]:
    """Yield the account that may look, where there is a password for it."""
    password = secrets.get(MONITOR_SECRET)
    if password is not None:
        yield _account(cluster, MONITOR_USER, password, tags=MONITOR_TAG)


def _account(cluster: Cluster, user_name: str, password: Secret, tags: str) -> dict[str, Any]:
    salt = derive_salt(cluster.name, user_name, password)
    return {
        "name": user_name,
        "password_hash": rabbitmq_password_hash(password, salt=salt),
        "hashing_algorithm": HASHING_ALGORITHMS[DEFAULT_HASH_ALGORITHM],
        "tags": tags,
    }
