# SPDX-License-Identifier: Apache-2.0
"""The fact ``tripleo_messaging`` from the keys that are installed on a node; pure, and without a secret.

It is made of keys that are named here, one by one, so that none comes in because it is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Optional

from tripleo_messaging.report.certificates import Ends

#: Name of the fact.
NAME = "tripleo_messaging"

SERVICES = ("rpc", "notify")

GENERATION = "tripleo_messaging::generation"
LOCAL_NAME = "tripleo_messaging::local_name"
LOCAL_CLUSTERS = "tripleo_messaging::local_clusters"
INSTANCES = "tripleo_messaging::{backend}::instances"
FIREWALL_PORTS = "tripleo_messaging::{backend}::firewall_ports"

#: What a health check may have found; anything else is none of ours.
VERDICTS = ("ok", "degraded", "failed", "unknown")
_UNKNOWN = {"verdict": "unknown", "checked_at": None}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")

# What of two services is the same where they are on the same brokers.
_BROKER = ("backend", "scheme", "node_names", "cell_node_names", "port")

Keys = Mapping[str, Any]
#: When the first and the last of the certificates in a file end; ``None`` where that is not known.
Expiry = Callable[[str], Optional[Ends]]


def node_fact(
    keys: Keys, expires: Expiry, verdicts: Mapping[str, Any], node: Optional[str] = None
) -> dict[str, Any]:
    """Make the document of the fact.

    Args:
        keys: the hieradata keys of ours that the node has, merged.
        expires: tells when the first and the last of a file's certificates end.
        verdicts: of the last health checks, by service: ``verdict`` and ``checked_at``; not trusted.
        node: inventory name of a node of clients; the keys of a member say its own.

    Returns:
        ``{"tripleo_messaging": {...}}``, as an external fact in JSON is; ``docs/node-fact.rst`` describes it.
    """
    services = {name: _service(name, keys, expires, verdicts) for name in SERVICES}
    if services["notify"]["enabled"]:
        services["notify"]["shared_with_rpc"] = _is_shared(keys)
    return {
        NAME: {"generation": _text(keys, GENERATION), "node": _text(keys, LOCAL_NAME) or node, **services}
    }


def failed_fact(reason: str) -> dict[str, Any]:
    """Make the document of a fact that cannot say more than why it says nothing."""
    return {NAME: {"error": reason}}


def _service(name: str, keys: Keys, expires: Expiry, verdicts: Mapping[str, Any]) -> dict[str, Any]:
    if keys.get(f"messaging_{name}_enabled") is not True:
        return {"enabled": False, "part": "none"}
    part = "server" if _is_member(name, keys) else "client"
    instance = _instance(name, keys) if part == "server" else {}
    return {
        "enabled": True,
        "part": part,
        "backend": _text(keys, f"messaging_{name}_backend"),
        "scheme": _text(keys, f"messaging_{name}_scheme"),
        "members": _texts(keys, f"messaging_{name}_short_node_names"),
        "hosts": _hosts(name, keys),
        "port": _number(keys.get(f"messaging_{name}_port")),
        "virtual_host": _text(keys, f"messaging_{name}_virtual_host"),
        "tls": _tls(name, keys, instance, expires),
        "health": _health(verdicts.get(name)),
        **({"instance": instance["instance"], "ports": _ports(name, keys, instance)} if instance else {}),
    }


def _is_member(name: str, keys: Keys) -> bool:
    return keys.get(LOCAL_NAME) in _texts(keys, f"messaging_{name}_short_node_names")


def _is_shared(keys: Keys) -> bool:
    """Tell whether both services are on the same brokers: no two clusters have the same hosts and port."""
    return all(keys.get(f"messaging_rpc_{word}") == keys.get(f"messaging_notify_{word}") for word in _BROKER)


def _cluster(name: str, keys: Keys) -> str:
    return "rpc" if name == "notify" and _is_shared(keys) else name


def _instances(name: str, keys: Keys) -> Mapping[str, Mapping[str, Any]]:
    backend = keys.get(f"messaging_{name}_backend")
    found: Mapping[str, Mapping[str, Any]] = keys.get(INSTANCES.format(backend=backend)) or {}
    return found


def _instance(name: str, keys: Keys) -> Mapping[str, Any]:
    """Return the data of this node's broker of a service, and its name as ``instance``."""
    cluster = _cluster(name, keys)
    for instance, data in _instances(name, keys).items():
        if data.get("settings", {}).get("cluster_name") == cluster:
            return {**data, "instance": instance}
    return {}


def _hosts(name: str, keys: Keys) -> list[str]:
    both = (f"messaging_{name}_node_names", f"messaging_{name}_cell_node_names")
    return next((_texts(keys, key) for key in both if key in keys), [])


def _tls(name: str, keys: Keys, instance: Mapping[str, Any], expires: Expiry) -> dict[str, Any]:
    enabled = keys.get(f"messaging_{name}_use_ssl") is True
    files = (
        keys.get(f"messaging_{name}_ssl_ca_file"),
        instance.get("certificates", {}).get("certificate_file"),
    )
    authorities, listener = (expires(file) if enabled and file else None for file in files)
    return {
        "enabled": enabled,
        "ca_expires": authorities[0] if authorities else None,
        "ca_expires_last": authorities[1] if authorities else None,
        "certificate_expires": listener[0] if listener else None,
    }


def _ports(name: str, keys: Keys, instance: Mapping[str, Any]) -> dict[str, Any]:
    backend = keys.get(f"messaging_{name}_backend")
    opened = (keys.get(FIREWALL_PORTS.format(backend=backend)) or {}).get(instance["instance"], {})
    settings = instance.get("settings", {})
    own = {word: settings.get(f"{word}.tcp.port") for word in ("management", "prometheus")}
    return {
        **{who: list(ports) for who, ports in opened.items()},
        **{word: port for word, port in own.items() if _number(port) is not None},
    }


def _health(said: Any) -> dict[str, Any]:
    """Return the last verdict, nothing of which was not looked at: others than we may write the file."""
    if not isinstance(said, Mapping) or said.get("verdict") not in VERDICTS:
        return dict(_UNKNOWN)
    time = said.get("checked_at")
    is_time = isinstance(time, str) and _TIME.fullmatch(time)
    return {"verdict": str(said["verdict"]), "checked_at": time if is_time else None}


def _text(keys: Keys, name: str) -> Optional[str]:
    value = keys.get(name)
    return value if isinstance(value, str) else None


def _texts(keys: Keys, name: str) -> list[str]:
    value = keys.get(name)
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _number(value: Any) -> Optional[int]:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
