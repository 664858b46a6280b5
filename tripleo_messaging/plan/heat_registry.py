# SPDX-License-Identifier: Apache-2.0
"""The resource_registry entries that choose the backends.

Source: tripleo-heat-templates ``overcloud-resource-registry-puppet.j2.yaml`` and the template names of
pike-em to stable/zed; the names with ``backend`` are those of this project's specification.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Optional

import attrs

from tripleo_messaging.model.finding import Finding, Severity, describe, json_path
from tripleo_messaging.model.plan import SERVICES, ServiceName
from tripleo_messaging.plan.heat_strategies import Setting
from tripleo_messaging.plan.heat_values import kind_of

RPC = "OS::TripleO::Services::OsloMessagingRpc"
NOTIFY = "OS::TripleO::Services::OsloMessagingNotify"
RABBITMQ = "OS::TripleO::Services::RabbitMQ"
QDR = "OS::TripleO::Services::Qdr"
NONE = "OS::Heat::None"

_NEAR = 0.85

_ENTRIES: Mapping[ServiceName, str] = MappingProxyType({"rpc": RPC, "notify": NOTIFY})
_GROUPS: Mapping[ServiceName, str] = MappingProxyType(
    {"rpc": "oslo_messaging_rpc", "notify": "oslo_messaging_notify"}
)
_NETWORKS: Mapping[ServiceName, str] = MappingProxyType(
    {"rpc": "OsloMessagingRpcNetwork", "notify": "OsloMessagingNotifyNetwork"}
)


@attrs.frozen(kw_only=True)
class Choice:
    """What serves a messaging service.

    Attributes:
        backend: product name, ``external`` where Heat deploys none, ``None`` where it is shared.
        share: ``rpc`` where notify lives on RPC's backend.
        group: inventory group of its members; ``None`` where there are none of its own.
        network: key of ``ServiceNetMap`` that names its network.
        setting: the entry that says so; ``None`` for upstream's default.
    """

    backend: Optional[str]
    share: Optional[str] = None
    group: Optional[str] = None
    network: str
    setting: Optional[Setting] = None


@attrs.frozen(kw_only=True)
class _Template:
    """A service template of upstream's.

    Attributes:
        services: the messaging services whose clients it configures.
        backend: product name; ``shared`` deploys none and points notify at RPC's.
        service_name: TripleO's, where the template keeps an older one; names the inventory group.
        network: key of ``ServiceNetMap``, likewise.
    """

    services: tuple[ServiceName, ...]
    backend: str
    service_name: Optional[str] = None
    network: Optional[str] = None


_RABBITMQ_RPC = _Template(services=("rpc",), backend="rabbitmq")
_RABBITMQ_NOTIFY = _Template(services=("notify",), backend="rabbitmq")
_SHARED_NOTIFY = _Template(services=("notify",), backend="shared")
_QDROUTERD_RPC = _Template(services=("rpc",), backend="qdrouterd")
_RABBITMQ_BOTH = _Template(
    services=SERVICES, backend="rabbitmq", service_name="rabbitmq", network="RabbitmqNetwork"
)
# Its service_name is RabbitMQ's, so that both services' clients find it under that name.
_QDROUTERD_BOTH = _Template(
    services=SERVICES, backend="qdrouterd", service_name="rabbitmq", network="QdrNetwork"
)

_TEMPLATES: Mapping[str, _Template] = MappingProxyType(
    {
        "rabbitmq-messaging-rpc-container-puppet.yaml": _RABBITMQ_RPC,
        "rabbitmq-messaging-rpc-pacemaker-puppet.yaml": _RABBITMQ_RPC,
        "rpc-rabbitmq.yaml": _RABBITMQ_RPC,
        "rpc-qdrouterd-container-puppet.yaml": _QDROUTERD_RPC,
        "rpc-qdrouterd.yaml": _QDROUTERD_RPC,
        "rabbitmq-messaging-notify-container-puppet.yaml": _RABBITMQ_NOTIFY,
        "rabbitmq-messaging-notify-pacemaker-puppet.yaml": _RABBITMQ_NOTIFY,
        "notify-rabbitmq.yaml": _RABBITMQ_NOTIFY,
        "rabbitmq-messaging-notify-shared-puppet.yaml": _SHARED_NOTIFY,
        "notify-rabbitmq-shared.yaml": _SHARED_NOTIFY,
        "rabbitmq-container-puppet.yaml": _RABBITMQ_BOTH,
        "rabbitmq-messaging-pacemaker-puppet.yaml": _RABBITMQ_BOTH,
        "rabbitmq.yaml": _RABBITMQ_BOTH,
        "qdrouterd-container-puppet.yaml": _QDROUTERD_BOTH,
        "qdrouterd.yaml": _QDROUTERD_BOTH,
        "qdr.yaml": _QDROUTERD_BOTH,
    }
)
_OUR_TEMPLATE = re.compile(
    r"messaging-(?P<service>rpc|notify)-(?:backend-)?(?P<backend>rabbitmq|qdrouterd|zmq|kafka|external|shared)\.ya?ml"
)


def entries_of_file_name(file: str) -> Mapping[str, str]:
    """Return the registry entry that an environment file stands for by its name alone.

    ``messaging-rpc-qdrouterd.yaml`` chooses qdrouterd for RPC, unless the file itself has an entry.
    """
    name = posixpath.basename(file)
    match = _OUR_TEMPLATE.fullmatch(name)
    return {_ENTRIES["rpc" if match["service"] == "rpc" else "notify"]: name} if match else {}


def choose_backends(
    registry: Mapping[str, Setting],
) -> tuple[Mapping[ServiceName, Choice], tuple[Finding, ...]]:
    """Return what serves rpc and notify, and findings about entries that are not understood.

    Without entries, RabbitMQ serves RPC and notify shares it. The entries of releases before Rocky
    (`RABBITMQ`, `QDR`) count for both services where there is no entry for RPC, or that is none.
    """
    findings: list[Finding] = []
    legacy = next((registry[name] for name in (QDR, RABBITMQ) if _deploys(registry.get(name))), None)
    rpc = registry.get(RPC)
    if rpc is not None and _deploys(rpc) and _deploys(registry.get(QDR)):
        findings.append(_finding(registry[QDR], "two-backends", "warning", _TWO, _TWO_HINT))
    if legacy is not None and not _deploys(rpc):
        rpc = legacy
    findings.extend(_problems("rpc", rpc))
    findings.extend(_problems("notify", registry.get(NOTIFY)))
    return {"rpc": _choose("rpc", rpc), "notify": _choose("notify", registry.get(NOTIFY))}, tuple(findings)


_TWO = f"deploys a second backend for RPC, beside the one of {RPC}; that one is used"
_TWO_HINT = f"map one of the two to {NONE}"


def _deploys(setting: Optional[Setting]) -> bool:
    return setting is not None and setting.value != NONE


def _choose(service: ServiceName, setting: Optional[Setting]) -> Choice:
    network = _NETWORKS[service]
    if setting is not None and setting.value == NONE:
        return Choice(backend="external", network=network, setting=setting)
    template = _template(setting) if setting else None
    if template is None or service not in template.services:
        template = _RABBITMQ_RPC if service == "rpc" else _SHARED_NOTIFY
    if template.backend == "shared":
        return Choice(backend=None, share="rpc", network=network, setting=setting)
    if template.backend == "external":
        return Choice(backend="external", network=network, setting=setting)
    return Choice(
        backend=template.backend,
        group=template.service_name or _GROUPS[service],
        network=template.network or network,
        setting=setting,
    )


def _template(setting: Setting) -> Optional[_Template]:
    name = _base_name(setting)
    match = _OUR_TEMPLATE.fullmatch(name)
    if match:
        return _Template(
            services=("rpc",) if match["service"] == "rpc" else ("notify",), backend=match["backend"]
        )
    return _TEMPLATES.get(name)


def _base_name(setting: Setting) -> str:
    return (
        posixpath.basename(setting.value).replace(".j2.yaml", ".yaml")
        if isinstance(setting.value, str)
        else ""
    )


def _problems(service: ServiceName, setting: Optional[Setting]) -> Iterator[Finding]:
    if setting is None or not _deploys(setting):
        return
    template = _template(setting)
    if not isinstance(setting.value, str):
        yield _finding(
            setting, "wrong-type", "error", f"is {kind_of(setting.value)}, expected the path of a template"
        )
    elif template is None:
        message = f"{describe(_base_name(setting))} is no template known here; by default {_default(service)}"
        yield _finding(setting, "unknown-template", "warning", message, _known(service, _base_name(setting)))
    elif service not in template.services or (service == "rpc" and template.backend == "shared"):
        message = f"{describe(_base_name(setting))} serves {template.services[0]}, not {service}"
        yield _finding(setting, "wrong-template", "error", message, _known(service, ""))


def _default(service: ServiceName) -> str:
    return "RabbitMQ serves it" if service == "rpc" else "notify shares RPC's backend"


def _known(service: ServiceName, name: str) -> str:
    known: Sequence[str] = [
        known for known, template in _TEMPLATES.items() if template.services == (service,)
    ]
    listed = f"known are {', '.join(known)}, messaging-{service}-backend-BACKEND.yaml and {NONE}"
    close = difflib.get_close_matches(name, known, n=1, cutoff=_NEAR)
    return f"did you mean {close[0]!r}?" if close else listed


def _finding(setting: Setting, rule: str, severity: Severity, message: str, hint: str = "") -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        path=json_path(setting.path),
        message=message,
        hint=hint,
        origin=setting.origin,
    )
