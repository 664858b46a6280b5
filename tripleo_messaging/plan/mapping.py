# SPDX-License-Identifier: Apache-2.0
"""A parsed plan document to a `Plan`, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

import attrs

from tripleo_messaging.documents import Document, is_null
from tripleo_messaging.model.finding import Finding, json_path
from tripleo_messaging.model.plan import (
    SERVICES,
    HealthCheck,
    Limits,
    Node,
    Plan,
    ServiceName,
    ServicePlan,
    Tls,
)
from tripleo_messaging.model.release import DEFAULT_RELEASE
from tripleo_messaging.schema.validate import validate


def plan_from_document(document: Document) -> tuple[Optional[Plan], tuple[Finding, ...]]:
    """Read a plan.

    Returns:
        The plan, built from every value that has the right shape, and findings for the values
        that do not. ``None`` when the document as a whole is not a plan.
    """
    if is_null(document.data):
        return Plan(), (_empty(document),)
    data, findings = validate(document, "plan")
    if not isinstance(data, dict):
        return None, findings
    return plan_from_mapping(data, document), findings


def _empty(document: Document) -> Finding:
    return Finding(
        rule="empty-document",
        severity="warning",
        message="is empty: the default plan is used, one RabbitMQ cluster for RPC and Notify",
        hint="write 'version: 1' to say that this is meant",
        origin=document.origin(()),
    )


def plan_from_mapping(data: Mapping[str, Any], document: Optional[Document] = None) -> Plan:
    """Build a plan from a mapping that the schema accepts; `document` gives the lines."""
    origins = {json_path(path): document.origin(path) for path in document.lines} if document else {}
    if document and not origins:
        origins = {"$": document.origin(())}
    return Plan(
        release=data.get("release", DEFAULT_RELEASE),
        consumers=tuple(data.get("consumers", ())),
        override_stock=data.get("override_stock", False),
        cell=data.get("cell"),
        rpc=_service("rpc", data.get("rpc") or {}),
        notify=_service("notify", data.get("notify") or {}),
        origins=origins,
    )


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "tls": lambda value: Tls(**{**value, "versions": tuple(value.get("versions", ()))}),
    "limits": lambda value: Limits(**value),
    "absent_users": tuple,
    "absent_virtual_hosts": tuple,
    "health_check": lambda value: HealthCheck(**value),
    "services": tuple,
    "topics": tuple,
    "consumed_by": tuple,
}


def _service(name: ServiceName, data: Mapping[str, Any]) -> ServicePlan:
    known = attrs.fields_dict(ServicePlan)
    stated = {key: _FIELDS.get(key, _as_it_is)(value) for key, value in data.items() if key in known}
    stated.pop("group", None)
    return ServicePlan(service=name, **_read_nodes(data.get("nodes")), **_without_nodes(stated))


def _as_it_is(value: Any) -> Any:
    return value


def _without_nodes(stated: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in stated.items() if key not in ("nodes", "service")}


def _read_nodes(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, str):
        return {"group": value}
    nodes = (item if isinstance(item, dict) else {"host": item} for item in value)
    return {"nodes": tuple(Node(**node) for node in nodes if "host" in node)}


def plan_to_mapping(plan: Plan) -> dict[str, Any]:
    """Write a plan as `plan_from_mapping` reads it; what is unset is left out."""
    head = {"version": 1, "release": plan.release, "consumers": list(plan.consumers), "cell": plan.cell}
    head["override_stock"] = plan.override_stock or None
    mapping = {key: value for key, value in head.items() if value not in (None, [])}
    for name in SERVICES:
        mapping[name] = _service_to_mapping(plan.service(name))
    return mapping


_NOTIFY_ONLY = ("driver", "topics", "consumed_by")


def _service_to_mapping(service: ServicePlan) -> dict[str, Any]:
    data = attrs.asdict(service, filter=lambda _, value: value not in (None, ()))
    group = data.pop("group", None)
    nodes = [_node_to_data(node) for node in service.nodes]
    if group or nodes:
        data["nodes"] = group or nodes
    data["options"] = dict(service.options)
    skipped = {"service"} | (set(_NOTIFY_ONLY) if service.service == "rpc" else set())
    return {key: _listed(value) for key, value in data.items() if key not in skipped and value != {}}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _node_to_data(node: Node) -> Any:
    return node.host if node.port is None else {"host": node.host, "port": node.port}
