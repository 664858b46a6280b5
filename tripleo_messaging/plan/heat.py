# SPDX-License-Identifier: Apache-2.0
"""The same plan, read from Heat environment files.

Source: tripleo-heat-templates stable/wallaby and stable/zed, the service templates of messaging; defaults
are theirs, so that files without a word on messaging mean what they mean to Heat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import attrs

from tripleo_messaging.documents import Document
from tripleo_messaging.model.finding import Finding, Origin, describe, did_you_mean
from tripleo_messaging.model.heat_parameters import EXTERNAL_HIERADATA, HEAT_PARAMETERS
from tripleo_messaging.model.plan import SERVICES, HealthCheck, Node, Plan, ServiceName, ServicePlan, Tls
from tripleo_messaging.model.release import DEFAULT_RELEASE, RELEASES
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.plan.heat_merge import documents_with, is_environment, merge_environments
from tripleo_messaging.plan.heat_reader import SettingsReader
from tripleo_messaging.plan.heat_registry import Choice, choose_backends, entries_of_file_name
from tripleo_messaging.plan.heat_strategies import Setting
from tripleo_messaging.plan.heat_values import HeatValueError, read_node

CELL = "cell"
"""Name of the cell that ``NovaAdditionalCell`` makes of a stack; Heat gives it none."""

_PREFIXES: Mapping[ServiceName, str] = {"rpc": "Rpc", "notify": "Notify"}
_UPSTREAMS = ("rabbitmq", "qdrouterd", "external")
_DRIVERS = ("messagingv2", "noop")
_LAST_RELEASE_THAT_NOTIFIES = "stein"
_SPELLINGS_OF_NETWORKS: Mapping[str, tuple[str, ...]] = {
    "OsloMessagingRpcNetwork": ("OsloMessagingRpcNetwork", "oslo_messaging_rpc_network"),
    "OsloMessagingNotifyNetwork": ("OsloMessagingNotifyNetwork", "oslo_messaging_notify_network"),
    "RabbitmqNetwork": ("RabbitmqNetwork", "RabbitMqNetwork", "rabbitmq_network"),
    "QdrNetwork": ("QdrNetwork", "qdr_network"),
}
# What enable-internal-tls has certmonger write on each member, by product.
_CERTIFICATES: Mapping[str, tuple[str, str]] = {
    "rabbitmq": ("/etc/pki/tls/certs/rabbitmq.crt", "/etc/pki/tls/private/rabbitmq.key"),
    "qdrouterd": ("/etc/pki/tls/certs/qdrouterd.crt", "/etc/pki/tls/private/qdrouterd.key"),
}
# The product whose members EnableInternalTLS has speak TLS among themselves, too.
_WITH_INTER_NODE_TLS = "rabbitmq"

Result = tuple[Optional[Plan], Secrets, tuple[Finding, ...]]


def plan_from_environments(documents: Sequence[Document], *, release: Optional[str] = None) -> Result:
    """Read a plan from Heat environment files, of which later ones win.

    Args:
        documents: in the order of their ``-e`` options.
        release: of the services, which decides the default of ``NotificationDriver``; ``None`` is
            `DEFAULT_RELEASE`.

    Returns:
        The plan, built from every value that has the right shape; the secrets that the files hold;
        and findings for the values that have not. The plan is ``None`` when there are documents and
        none of them is an environment. A service that Heat maps to ``OS::Heat::None`` is external;
        its hosts and login then come from ``AllNodesExtraMapData`` and ``GlobalConfigExtraMapData``.
    """
    named = {document.file: entries_of_file_name(document.file) for document in documents}
    environment, findings = merge_environments(documents_with(documents, named))
    choices, problems = choose_backends(environment.registry)
    reader = SettingsReader(_with_external_hieradata(environment.parameters, choices))
    secrets = _secrets(reader)
    plan = _plan(reader, choices, release or DEFAULT_RELEASE)
    usable = not documents or any(is_environment(document) for document in documents)
    return plan if usable else None, secrets, (*findings, *problems, *reader.findings)


def _with_external_hieradata(
    settings: Mapping[str, Setting], choices: Mapping[ServiceName, Choice]
) -> Mapping[str, Setting]:
    external = tuple(_PREFIXES[name] for name in SERVICES if choices[name].backend == "external")
    result = dict(settings)
    for parameter, keys in EXTERNAL_HIERADATA.items():
        entries = settings[parameter].value if parameter in settings else {}
        for key, name in keys.items():
            if isinstance(entries, dict) and key in entries and external and name.startswith(external):
                result[name] = entries[key]
    return result


def _secrets(reader: SettingsReader) -> Secrets:
    hidden = (parameter.name for parameter in HEAT_PARAMETERS.values() if parameter.hidden)
    texts = {name: reader.read(name) for name in hidden}
    secrets = {name: Secret(text) for name, text in texts.items() if text}
    return Secrets(secrets, {name: origin for name in secrets if (origin := reader.origin(name))})


def _plan(reader: SettingsReader, choices: Mapping[ServiceName, Choice], release: str) -> Plan:
    rpc = _service(reader, "rpc", choices["rpc"])
    notify = _notify(reader, choices, release)
    cell = CELL if reader.read("NovaAdditionalCell") else None
    _check_agreement(reader, choices)
    origins = {**reader.origins, **_origins_of_choices(choices)}
    return Plan(release=release, cell=cell, rpc=rpc, notify=notify, read_from_heat=True, origins=origins)


def _origins_of_choices(choices: Mapping[ServiceName, Choice]) -> Mapping[str, Origin]:
    chosen = {name: choice.setting for name, choice in choices.items() if choice.setting}
    return {
        path: setting.origin
        for name, setting in chosen.items()
        for path in (f"$.{name}", f"$.{name}.{'share' if choices[name].share else 'backend'}")
    }


def _service(reader: SettingsReader, name: ServiceName, choice: Choice) -> ServicePlan:
    prefix = _PREFIXES[name]
    nodes = _nodes(reader, f"{prefix}Hosts")
    # The defaults are those of upstream's templates, and it has none for zmq and kafka.
    read = reader.read_or_default if choice.backend in _UPSTREAMS else reader.read
    return ServicePlan(
        service=name,
        backend=choice.backend,
        scheme=reader.read(f"{prefix}Scheme"),
        group=None if nodes else choice.group,
        nodes=nodes,
        network=_network(reader, name, choice),
        port=read(f"{prefix}Port"),
        virtual_host=reader.read(f"{prefix}VirtualHost"),
        user_name=read(f"{prefix}UserName"),
        tls=_tls(reader, prefix, choice.backend),
        health_check=_health_check(reader, prefix),
    )


def _health_check(reader: SettingsReader, prefix: str) -> HealthCheck:
    return HealthCheck(
        interval_s=reader.read_or_default(f"{prefix}HealthCheckInterval"),
        timeout_s=reader.read_or_default(f"{prefix}HealthCheckTimeout"),
    )


def _nodes(reader: SettingsReader, name: str) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for text in reader.read(name) or ():
        try:
            nodes.append(read_node(text))
        except HeatValueError as error:
            reader.add(name, "wrong-type", "error", str(error))
    return tuple(nodes)


def _network(reader: SettingsReader, name: ServiceName, choice: Choice) -> Optional[str]:
    for key in _SPELLINGS_OF_NETWORKS[choice.network]:
        network = reader.read_entry("ServiceNetMap", key, f"$.{name}.network")
        if network is not None:
            return network
    return None


def _tls(reader: SettingsReader, prefix: str, backend: Optional[str]) -> Optional[Tls]:
    """Read a service's TLS.

    Upstream gives its clients no CA (``InternalTLSCAFile`` reaches the brokers only), so none is taken
    from there for them: who wants verification says so with ``RpcSslCaFile``, or ``RpcSslVerify``.
    """
    enabled = bool(reader.read_or_default(f"{prefix}UseSSL"))
    verify = reader.read_or_default(f"{prefix}SslVerify")
    files = {
        "ca_file": reader.read(f"{prefix}SslCaFile"),
        "certificate_file": reader.read(f"{prefix}SslCertFile"),
        "key_file": reader.read(f"{prefix}SslKeyFile"),
    }
    is_internal = enabled and bool(reader.read("EnableInternalTLS"))
    inter_node = is_internal and backend == _WITH_INTER_NODE_TLS
    if is_internal:
        for field, path in _certificates(reader, backend or "").items():
            files[field] = files[field] or path
    if inter_node and files["ca_file"] is None:
        files["ca_file"] = reader.read_or_default("InternalTLSCAFile")
        verify = bool(reader.read(f"{prefix}SslVerify"))
    if not enabled and not any(files.values()):
        return None
    return Tls(enabled=enabled, verify=verify, inter_node=inter_node, **files)


def _certificates(reader: SettingsReader, product: str) -> Mapping[str, str]:
    certificate, key = _CERTIFICATES.get(product, (None, None))
    if product == "qdrouterd":
        certificate = reader.read("QdrSslCertFile") or certificate
        key = reader.read("QdrSslKeyFile") or key
    return {"certificate_file": certificate, "key_file": key} if certificate and key else {}


def _notify(reader: SettingsReader, choices: Mapping[ServiceName, Choice], release: str) -> ServicePlan:
    choice = choices["notify"]
    notifications: dict[str, Any] = {
        "driver": _driver(reader, release),
        "topics": reader.read("NotificationTopics") or ("notifications",),
    }
    if choice.share is not None:
        _warn_of_shared(reader)
        virtual_host = reader.read("NotifyVirtualHost")
        health_check = _health_check(reader, "Notify")
        return ServicePlan(
            service="notify",
            share=choice.share,
            virtual_host=virtual_host,
            health_check=health_check,
            **notifications,
        )
    service = _service(reader, "notify", choice)
    if choice.backend == "external" and notifications["driver"] == "noop" and not _is_described(reader):
        return ServicePlan(service="notify", **notifications)
    return attrs.evolve(service, **notifications)


def _is_described(reader: SettingsReader) -> bool:
    return any(reader.is_set(name) for name in ("NotifyHosts", "NotifyScheme", "NotifyTransportUrl"))


def _driver(reader: SettingsReader, release: str) -> str:
    drivers = reader.read("NotificationDriver")
    if not drivers:
        return _default_driver(release)
    for driver in drivers:
        if driver not in _DRIVERS:
            message = (
                f"{describe(driver)} is no notification driver that is carried here ({', '.join(_DRIVERS)})"
            )
            reader.add(
                "NotificationDriver", "unknown-driver", "error", message, did_you_mean(driver, _DRIVERS)
            )
    known = [driver for driver in _DRIVERS if driver in drivers]
    if len(known) > 1:
        reader.add(
            "NotificationDriver", "several-drivers", "warning", "names both drivers; messagingv2 is taken"
        )
    return known[0] if known else _default_driver(release)


def _default_driver(release: str) -> str:
    """Return the templates' default, which became ``noop`` with train."""
    known = RELEASES.get(release)
    notifies = known is not None and known <= RELEASES[_LAST_RELEASE_THAT_NOTIFIES]
    return "messagingv2" if notifies else "noop"


def _warn_of_shared(reader: SettingsReader) -> None:
    """Warn of what is said for Notify and differs from RPC, whose values hold for both."""
    for name in ("NotifyUserName", "NotifyPort", "NotifyUseSSL"):
        of_rpc = name.replace("Notify", "Rpc")
        if reader.is_set(name) and reader.read(name) not in (None, reader.read_or_default(of_rpc)):
            message = f"has no effect, as Notify shares RPC's backend and {of_rpc} holds for both"
            hint = "remove it, or map OS::TripleO::Services::OsloMessagingNotify to a backend of its own"
            reader.add(name, "no-effect", "warning", message, hint)


def _check_agreement(reader: SettingsReader, choices: Mapping[ServiceName, Choice]) -> None:
    """Warn where brokers and clients would not agree on TLS: Heat compares the two nowhere."""
    brokers = bool(reader.read("EnableInternalTLS"))
    for name in SERVICES:
        clients = reader.read_or_default(f"{_PREFIXES[name]}UseSSL")
        if choices[name].backend in (None, "external") or clients is None or bool(clients) == brokers:
            continue
        parameter = f"{_PREFIXES[name]}UseSSL"
        message = (
            f"{parameter} is {_on(clients)} for clients, and EnableInternalTLS {_on(brokers)} for brokers"
        )
        stated = parameter if reader.is_stated(parameter) else "EnableInternalTLS"
        reader.add(
            stated, "tls-disagreement", "warning", message, f"set both alike; here {parameter} decides"
        )


def _on(value: object) -> str:
    return "on" if value else "off"
