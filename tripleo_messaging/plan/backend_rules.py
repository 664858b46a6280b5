# SPDX-License-Identifier: Apache-2.0
"""Rules on who serves what: releases, backends, sharing, nodes."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tripleo_messaging.backends import BACKEND_MODULES, find_backend, spoken_backend
from tripleo_messaging.capability import capability
from tripleo_messaging.model.finding import Finding, describe, did_you_mean
from tripleo_messaging.model.plan import SERVICES, Node, Plan, ServicePlan
from tripleo_messaging.model.release import RELEASES
from tripleo_messaging.model.url_checks import host_problem
from tripleo_messaging.plan.defaults import can_store, deployed_services
from tripleo_messaging.plan.report import finding_at, url_finding

#: What may stand beside ``share``; the rest is RPC's.
OWN_WHEN_SHARED = frozenset(
    {"service", "share", "user_name", "virtual_host", "driver", "topics", "options", "consumed_by"}
    | {"services", "health_check", "queue_profile"}
)


def _check_release(plan: Plan, _filled: Plan) -> Iterator[Finding]:
    if plan.release not in RELEASES:
        hint = did_you_mean(plan.release, RELEASES) or f"known are {', '.join(RELEASES)}"
        message = f"{describe(plan.release)} is not an OpenStack release"
        yield finding_at(plan, "$.release", "unknown-release", message, hint)


def _check_backends_known(plan: Plan, _filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        backend = plan.service(name).backend
        if backend is not None and backend not in BACKEND_MODULES:
            hint = did_you_mean(backend, BACKEND_MODULES) or f"known are {', '.join(BACKEND_MODULES)}"
            message = f"{describe(backend)} is not a messaging backend"
            yield finding_at(plan, f"$.{name}.backend", "unknown-backend", message, hint)


def _check_capabilities(plan: Plan, filled: Plan) -> Iterator[Finding]:
    release = RELEASES.get(filled.release)
    for service, backend in deployed_services(filled) if release else ():
        path = f"$.{service.service}.backend"
        cell = capability(backend, service.service, release, service.scheme) if release else None
        if cell is not None and not cell.allowed:
            name = spoken_backend(backend, service.scheme).name
            message = f"{name} cannot serve {service.service} in {filled.release}: {cell.reason}"
            yield finding_at(plan, path, "backend-cannot-serve", message, cell.way_out)
        elif not backend.is_external and backend.server is None:
            message = f"this version does not set up {backend.name} brokers"
            hint = f"use rabbitmq, or 'backend: external' with 'scheme: {backend.scheme}' for brokers you run"
            yield finding_at(plan, path, "backend-not-deployed", message, hint)


def _check_scheme(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, backend in deployed_services(filled):
        stated = plan.service(service.service).scheme
        path = f"$.{service.service}.scheme"
        if stated is None:
            continue
        if not backend.is_external and stated != backend.scheme:
            message = f"{backend.name} speaks {backend.scheme}, not {describe(stated)}"
            yield finding_at(plan, path, "contradicting-scheme", message, "remove the key")
        elif spoken_backend(backend, stated).is_external:
            message = f"{describe(stated)} is not a transport specifier of oslo.messaging"
            yield finding_at(plan, path, "unknown-scheme", message, "use rabbit, amqp, kafka or zmq")


def _check_share(plan: Plan, filled: Plan) -> Iterator[Finding]:
    # Of Heat's parameters those for notify are there without being meant.
    if filled.notify.share is not None and not (plan.read_from_heat and plan.notify.share is None):
        yield from _contradictions_of_share(plan)
    if filled.notify.share is not None and not can_store(filled.rpc):
        yield finding_at(
            plan,
            "$.notify.share",
            "shared-backend-cannot-store",
            f"notify shares RPC's {filled.rpc.backend}, which does not store messages: a notification"
            " without a listener is lost",
            "give notify a backend of its own, e.g. 'backend: rabbitmq'",
        )


def _contradictions_of_share(plan: Plan) -> Iterator[Finding]:
    for field in attrs.fields(ServicePlan):
        if field.name in OWN_WHEN_SHARED or getattr(plan.notify, field.name) == field.default:
            continue
        key = "nodes" if field.name == "group" else field.name
        message = f"{key} stands {_beside(plan)}, and a shared cluster has RPC's"
        hint = f"remove {key}, or {_unshare(plan)}"
        yield finding_at(plan, f"$.notify.{key}", "shared-has-its-own", message, hint)


def _beside(plan: Plan) -> str:
    by_default = "where notify shares RPC's cluster by default"
    return by_default if plan.notify.share is None else "beside 'share: rpc'"


def _unshare(plan: Plan) -> str:
    return "give notify a backend" if plan.notify.share is None else "remove share and give notify a backend"


def _check_notify_named(plan: Plan, filled: Plan) -> Iterator[Finding]:
    notify = filled.notify
    rpc_is_known = find_backend(filled.rpc.backend or "") is not None
    if notify.backend is None and notify.share is None and notify.driver != "noop" and rpc_is_known:
        yield finding_at(
            plan,
            "$.notify",
            "notify-backend-missing",
            f"notify has no backend, and RPC's {filled.rpc.backend} does not store messages",
            "give notify a backend, or 'driver: noop' for no notifications at all",
        )


def _check_own_rules(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, backend in deployed_services(filled):
        yield from backend.check(plan, service.service)


def _check_nodes(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, backend in deployed_services(filled):
        seen: set[Node] = set()
        for index, node in enumerate(service.nodes):
            path = f"$.{service.service}.nodes[{index}]"
            if node in seen:
                message = f"{describe(node.host)} is listed twice"
                yield finding_at(plan, path, "repeated-node", message, "remove one of them")
            seen.add(node)
            if node.port is not None and not backend.is_external:
                message = "has a port of its own, and all members of a cluster listen on the service's port"
                yield finding_at(plan, path, "node-with-port", message, "write the port beside nodes")
            problem = host_problem(node.host) if backend.is_external else None
            if problem:
                yield url_finding(plan, path, problem)


BACKEND_RULES = (
    _check_release,
    _check_backends_known,
    _check_capabilities,
    _check_scheme,
    _check_share,
    _check_notify_named,
    _check_own_rules,
    _check_nodes,
)
