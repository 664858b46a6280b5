# SPDX-License-Identifier: Apache-2.0
"""Hieradata levels written by hand, for what only the Puppet module decides."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.support.namespaces import NamespaceHost
from tests.support.puppet import DATA_DIR, HIERA_YAML

INSTANCES = "tripleo_messaging::rabbitmq::instances"
INSTANCE_SECRETS = "tripleo_messaging::rabbitmq::instance_secrets"
COOKIE = "CANARYCOOKIE"
PASSWORD = "canarypassword"

_LOOKUP_OPTIONS = {
    INSTANCES: {"merge": "deep"},
    INSTANCE_SECRETS: {"merge": "deep", "convert_to": "Sensitive"},
}
_HIERA = {
    "version": 5,
    "defaults": {"datadir": DATA_DIR, "data_hash": "json_data"},
    "hierarchy": [{"name": "messaging", "paths": ["messaging_node.json", "messaging_all.json"]}],
}


def instance(host: NamespaceHost, **changes: Any) -> dict[str, Any]:
    """Return the settings of the instance `rabbit` on a host, as the hieradata has them."""
    return {
        "node_name": f"rabbit@{host.name}",
        "package": "rabbitmq-server",
        "service_name": "rabbitmq-server",
        "config_dir": "/etc/rabbitmq",
        "home_dir": "/var/lib/rabbitmq",
        "log_dir": "/var/log/rabbitmq",
        "run_dir": "/run/rabbitmq",
        "settings": {"listeners.tcp.1": f"{host.address}:5672", "loopback_users.guest": False},
        "environment": {"ERL_EPMD_ADDRESS": host.address},
        "plugins": [],
        "stream_ports": [6000, 6249],
        "file_limit": 10240,
        "absent_users": [],
        "absent_virtual_hosts": [],
        **changes,
    }


def second_instance(host: NamespaceHost) -> dict[str, Any]:
    """Return the settings of the instance `rabbit_notify` on a host, as the hieradata has them."""
    directories = {
        f"{name}_dir": f"{path}/rabbit_notify"
        for name, path in (("config", "/etc"), ("home", "/var/lib"), ("log", "/var/log"), ("run", "/run"))
    }
    return instance(
        host,
        node_name=f"rabbit_notify@{host.name}",
        service_name="rabbitmq-server-rabbit_notify",
        settings={"listeners.tcp.1": f"{host.address}:5673"},
        environment={"ERL_EPMD_ADDRESS": host.address, "DIST_PORT": "25692"},
        stream_ports=[6250, 6499],
        **directories,
    )


def definitions(passwords: Mapping[str, str]) -> str:
    """Return a definitions file with these users, who may do everything in the virtual host /."""
    users = [
        {
            "name": name,
            "password_hash": _hash(password),
            "hashing_algorithm": "rabbit_password_hashing_sha512",
            "tags": [],
        }
        for name, password in passwords.items()
    ]
    permissions = [
        {"user": name, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"} for name in passwords
    ]
    return json.dumps({"vhosts": [{"name": "/"}], "users": users, "permissions": permissions})


def _hash(password: str) -> str:
    salt = b"salt"
    return base64.b64encode(salt + hashlib.sha512(salt + password.encode()).digest()).decode()


def secrets(cookie: str = COOKIE, **passwords: str) -> dict[str, str]:
    """Return the secrets of an instance, as the hieradata has them."""
    return {"erlang_cookie": cookie, "definitions": definitions({"rpc": PASSWORD, **passwords})}


def install_levels(host: NamespaceHost, **keys: Any) -> None:
    """Put hieradata on a host; `instances` and `instance_secrets` stand for their whole keys."""
    names = {"instances": INSTANCES, "instance_secrets": INSTANCE_SECRETS}
    level = {names.get(key, key.replace("__", "::")): value for key, value in keys.items()}
    host.write(HIERA_YAML, json.dumps(_HIERA))
    host.write(f"{DATA_DIR}/messaging_node.json", json.dumps({"lookup_options": _LOOKUP_OPTIONS, **level}))
