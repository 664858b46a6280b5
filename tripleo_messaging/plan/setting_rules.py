# SPDX-License-Identifier: Apache-2.0
"""Rules on how a service is reached: names, options, TLS, health checks, and who configures the clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tripleo_messaging.backends import find_backend, spoken_backend
from tripleo_messaging.model.driver_options import SEVERITIES, OptionProblem, check_options, driver_options
from tripleo_messaging.model.finding import Finding, Severity, json_path
from tripleo_messaging.model.plan import SERVICES, Plan, ServicePlan, Tls
from tripleo_messaging.model.release import RELEASES, Version
from tripleo_messaging.model.url_checks import user_name_problems, virtual_host_problems
from tripleo_messaging.plan.defaults import DEFAULT_VIRTUAL_HOST, deployed_services
from tripleo_messaging.plan.report import finding_at, url_finding

STOCK_CONSUMER = "puppet-tripleo"


def _check_texts(plan: Plan, _filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        service = plan.service(name)
        scheme = service.scheme or "rabbit"
        if service.virtual_host is not None:
            for problem in virtual_host_problems(service.virtual_host):
                yield url_finding(plan, f"$.{name}.virtual_host", problem)
        if service.user_name is not None:
            for problem in user_name_problems(service.user_name, scheme):
                yield url_finding(plan, f"$.{name}.user_name", problem)


def _check_virtual_hosts(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, backend in deployed_services(filled):
        spoken = spoken_backend(backend, service.scheme)
        if service.virtual_host not in (None, DEFAULT_VIRTUAL_HOST) and not spoken.has_virtual_hosts:
            path = f"$.{service.service}.virtual_host"
            yield finding_at(
                plan, path, "no-virtual-hosts", f"{spoken.name} has no virtual hosts", "remove the key"
            )


def _check_options(plan: Plan, filled: Plan) -> Iterator[Finding]:
    release = RELEASES.get(filled.release)
    for name in SERVICES:
        service = filled.service(name)
        if release is None or not service.options or service.scheme is None:
            continue
        for problem in _option_problems(service, service.scheme, release.oslo_messaging):
            # The name may be none: json_path shows no key that may be a secret.
            path = json_path((name, "options", problem.option))
            severity = SEVERITIES[problem.rule]
            yield finding_at(plan, path, problem.rule, problem.message, problem.hint, severity=severity)


def _option_problems(service: ServicePlan, scheme: str, version: Version) -> Iterator[OptionProblem]:
    """Judge the options beside those of the tls section; what that makes alone is told by its own rule."""
    tls = service.tls or Tls()
    ours = _options_of_tls(service, tls, scheme)
    of_ours = set(check_options(scheme, ours, version))
    for problem in check_options(scheme, {**ours, **service.options}, version):
        if problem not in of_ours:
            yield problem


def _options_of_tls(service: ServicePlan, tls: Tls, scheme: str) -> Mapping[str, object]:
    """Return the options that the tls section and the login stand for, by the names that a driver has."""
    ca_file = tls.ca_file if tls.enabled and tls.verify else None
    protocol = ("SASL_" if service.user_name else "") + ("SSL" if tls.enabled else "PLAINTEXT")
    by_name = {
        "ssl": tls.enabled or None,
        "ssl_ca_file": ca_file,
        "ssl_cafile": ca_file,
        "security_protocol": protocol,
    }
    known = driver_options(scheme)
    return {name: value for name, value in by_name.items() if name in known and value is not None}


def _check_secret_options(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        service = filled.service(name)
        known = driver_options(service.scheme or "")
        for option in service.options:
            if option in known and known[option].is_secret:
                message = f"{option} is a secret, and a plan is no place for one"
                hint = "leave it out; a password stands in the file given with --secrets"
                yield finding_at(plan, f"$.{name}.options.{option}", "secret-option", message, hint)


def _check_tls(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, backend in deployed_services(filled):
        tls = service.tls or Tls()
        path = f"$.{service.service}.tls"
        if not tls.enabled:
            if tls.ca_file or tls.certificate_file or tls.key_file:
                message = "has files but is not enabled, so that nothing is encrypted"
                yield finding_at(
                    plan, path, "tls-not-enabled", message, "write 'enabled: true'", severity="warning"
                )
            continue
        if not (tls.verify and tls.ca_file):
            message = "encrypts without verifying the broker: who is between reads along"
            hint = "write ca_file, and leave verify at true"
            yield finding_at(plan, path, "tls-without-verification", message, hint, severity="warning")
        if backend.server and not (tls.certificate_file and tls.key_file):
            message = "is enabled without certificate_file and key_file, so that no listener can start"
            hint = "write both; they are paths on the members"
            yield finding_at(plan, path, "tls-without-certificate", message, hint)


def _check_health(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        check = filled.service(name).health_check
        if check.timeout_s > check.interval_s:
            message = f"a probe may take {check.timeout_s} s, and the next comes after {check.interval_s} s"
            path = f"$.{name}.health_check"
            yield finding_at(
                plan, path, "probe-outlasts-interval", message, "lower timeout_s", severity="warning"
            )


def _check_consumers(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """Stock puppet-tripleo passes no virtual host, CA or option to a URL, and appends ``?ssl=`` to each."""
    if STOCK_CONSUMER not in filled.consumers:
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
                "leave it out, or use 'consumers: [puppet-openstack]' or [none], which take the whole URL",
            )


def _not_carried(service: ServicePlan) -> Iterable[tuple[str, str]]:
    tls = service.tls or Tls()
    backend = find_backend(service.backend or "")
    is_external = backend is not None and backend.is_external
    ports = {node.port or service.port for node in service.nodes if is_external}
    carried = {
        ("virtual_host", "virtual host"): service.virtual_host in (None, DEFAULT_VIRTUAL_HOST),
        ("tls.ca_file", "CA file"): not (tls.enabled and tls.ca_file and tls.verify),
        ("options", "driver options"): not service.options,
        ("backend", "URL without ?ssl=, which the kafka driver refuses,"): service.scheme != "kafka",
        ("nodes", "port for each host"): len(ports) <= 1,
    }
    return [missing for missing, is_carried in carried.items() if not is_carried]


def _check_beside_whole_url(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """An external backend without nodes is told by a whole URL, and nothing here would be added to it."""
    for name in SERVICES:
        home = filled.rpc if filled.service(name).share else filled.service(name)
        backend = find_backend(home.backend or "")
        if backend is None or not backend.is_external or home.nodes or home.group:
            continue
        for key in _beside_url(plan.service(name), is_shared=home.service != name):
            path = f"$.{name}.{key}"
            # Of Heat's parameters most are upstream's defaults, and others are the whole cloud's.
            if plan.read_from_heat and path not in plan.origins:
                continue
            message = f"{key} stands beside a whole URL from the secrets, which has the last word"
            hint = f"list the hosts under $.{home.service}.nodes, or leave it out, as the URL says it"
            severity: Severity = "warning" if plan.read_from_heat else "error"
            yield finding_at(plan, path, "beside-whole-url", message, hint, severity=severity)


def _beside_url(service: ServicePlan, *, is_shared: bool) -> Iterable[str]:
    stated = {
        "user_name": service.user_name is not None,
        "virtual_host": service.virtual_host is not None,
        "options": bool(service.options),
    }
    # Beside share they are RPC's, which another rule tells.
    of_its_own = {
        "port": service.port is not None,
        "scheme": service.scheme is not None,
        "tls.enabled": service.tls is not None and service.tls.enabled,
    }
    return [key for key, is_stated in {**stated, **({} if is_shared else of_its_own)}.items() if is_stated]


def _check_services_named(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """puppet-openstack has no key that all services read; a shared notify has RPC's services."""
    if "puppet-openstack" not in filled.consumers:
        return
    for service, _ in deployed_services(filled):
        if not service.services:
            yield finding_at(
                plan,
                f"$.{service.service}.services",
                "no-services-named",
                "names no OpenStack service, so that puppet-openstack gets no key for any",
                "name those that use it, e.g. 'services: [nova, neutron]', or write 'consumers: [none]'",
                severity="warning",
            )


SETTING_RULES = (
    _check_texts,
    _check_virtual_hosts,
    _check_options,
    _check_secret_options,
    _check_tls,
    _check_health,
    _check_consumers,
    _check_beside_whole_url,
    _check_services_named,
)
