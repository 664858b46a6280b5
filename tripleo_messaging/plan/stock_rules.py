# SPDX-License-Identifier: Apache-2.0
"""Rules on stock puppet-tripleo: what it cannot carry, and what is set over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.queue_profiles import CLASSIC
from tripleo_messaging.model.finding import Finding, did_you_mean, json_path
from tripleo_messaging.model.plan import SERVICES, Plan, ServiceName, ServicePlan, Tls
from tripleo_messaging.model.stock_services import (
    STOCK_SERVICES,
    find_stock_service,
    overridden_services,
)
from tripleo_messaging.model.transport_url import DEFAULT_VIRTUAL_HOST
from tripleo_messaging.plan.defaults import deployed_services
from tripleo_messaging.plan.report import finding_at

STOCK_CONSUMER = "puppet-tripleo"

_NAME_THEM = "name those that puppet-tripleo configures, e.g. 'services: [nova, neutron]'"


def _check_carried(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """Stock puppet-tripleo passes no virtual host, CA or option to a URL, and appends ``?ssl=`` to each."""
    if STOCK_CONSUMER not in filled.consumers or filled.override_stock:
        return
    for name in SERVICES:
        # What a shared service has from RPC is reported there.
        service = plan.notify if filled.service(name).share else filled.service(name)
        for key, what in _not_carried(service):
            yield finding_at(
                plan,
                f"$.{name}.{key}",
                "consumer-cannot-carry",
                f"stock puppet-tripleo passes no {what} to the services",
                "write 'override_stock: true' and name the services, use 'consumers: [puppet-openstack]' or "
                "[none], which take the whole URL, or leave it out",
            )


def _not_carried(service: ServicePlan) -> Iterable[tuple[str, str]]:
    tls = service.tls or Tls()
    backend = find_backend(service.backend or "")
    is_external = backend is not None and backend.is_external
    ports = {node.port or service.port for node in service.nodes if is_external}
    carried = {
        ("virtual_host", "virtual host"): service.virtual_host in (None, DEFAULT_VIRTUAL_HOST),
        ("tls.ca_file", "CA file"): not (tls.enabled and tls.ca_file and tls.verify),
        ("tls.client_certificate_file", "client certificate"): not (
            tls.enabled and tls.client_certificate_file
        ),
        ("options", "driver options"): not service.options,
        ("queue_profile", f"queue profile but {CLASSIC}"): service.queue_profile in (None, CLASSIC),
        ("backend", "URL without ?ssl=, which the kafka driver refuses,"): service.scheme != "kafka",
        ("nodes", "port for each host"): len(ports) <= 1,
    }
    return [missing for missing, is_carried in carried.items() if not is_carried]


def _check_override(plan: Plan, filled: Plan) -> Iterator[Finding]:
    if not filled.override_stock:
        return
    if STOCK_CONSUMER not in filled.consumers:
        message = f"changes nothing, as {STOCK_CONSUMER} is none of the consumers"
        hint = f"remove it, or write 'consumers: [{STOCK_CONSUMER}]'"
        yield finding_at(
            plan, "$.override_stock", "override-without-stock", message, hint, severity="warning"
        )
        return
    yield from _unnamed(plan, filled)
    for name in SERVICES:
        yield from _unknown(plan, name)
        yield from _without_setting(plan, filled, name)


def _unnamed(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, _ in deployed_services(filled):
        if not service.services:
            path = f"$.{service.service}.services"
            message = "names no OpenStack service, so that override_stock sets the URL of none"
            hint = f"{_NAME_THEM}, or remove override_stock"
            yield finding_at(plan, path, "override-of-no-service", message, hint)


def _unknown(plan: Plan, name: ServiceName) -> Iterator[Finding]:
    for position, word in enumerate(plan.service(name).services):
        if find_stock_service(word) is None:
            path = json_path((name, "services", position))
            message = f"puppet-tripleo sets no URL of {word}, so there is none to override"
            known = f"leave it out; known are {', '.join(STOCK_SERVICES)}"
            close = did_you_mean(word, STOCK_SERVICES)
            hint = f"{close} If not, leave it out" if close else known
            yield finding_at(plan, path, "service-not-overridden", message, hint)


def _without_setting(plan: Plan, filled: Plan, name: ServiceName) -> Iterator[Finding]:
    for position, word in enumerate(plan.service(name).services):
        stock = find_stock_service(word)
        if stock is None or name in stock.settings:
            continue
        home = next(iter(stock.settings))
        if stock.name not in overridden_services(filled.service(home).services, home):
            path = json_path((name, "services", position))
            message = f"{word} has one URL, that of {home}, and keeps the one that puppet-tripleo gives it"
            hint = f"name it under $.{home}.services"
            rule = "service-of-the-other"
            yield finding_at(plan, path, rule, message, hint, severity="warning")


STOCK_RULES = (_check_carried, _check_override)
