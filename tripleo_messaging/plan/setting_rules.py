# SPDX-License-Identifier: Apache-2.0
"""Rules on how a service is reached: names, options, health checks, and who configures the clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tripleo_messaging.backends import find_backend, spoken_backend
from tripleo_messaging.backends.queue_profiles import client_options
from tripleo_messaging.model.driver_options import SEVERITIES, OptionProblem, check_options, driver_options
from tripleo_messaging.model.finding import Finding, Severity, json_path
from tripleo_messaging.model.plan import SERVICES, Plan, ServicePlan
from tripleo_messaging.model.release import RELEASES, Version
from tripleo_messaging.model.transport_url import DEFAULT_VIRTUAL_HOST
from tripleo_messaging.model.url_checks import user_name_problems, virtual_host_problems
from tripleo_messaging.plan.defaults import deployed_services
from tripleo_messaging.plan.report import finding_at, url_finding
from tripleo_messaging.plan.tls_rules import options_of_tls

NO_CONSUMER = "none"


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
            path = _option_path(service, problem)
            severity = SEVERITIES[problem.rule]
            yield finding_at(plan, path, problem.rule, problem.message, problem.hint, severity=severity)


def _option_path(service: ServicePlan, problem: OptionProblem) -> str:
    """Return where an option was written: what is not among the options is of the kind of queues."""
    if problem.option not in service.options and service.queue_profile:
        return f"$.{service.service}.queue_profile"
    # The name may be none: json_path shows no key that may be a secret.
    return json_path((service.service, "options", problem.option))


def _option_problems(service: ServicePlan, scheme: str, version: Version) -> Iterator[OptionProblem]:
    """Judge the options beside those of the tls section and of the kind of queues.

    What these make alone is told by rules of their own.
    """
    of_tls = options_of_tls(service, scheme)
    ours = {**client_options(service.queue_profile or "", {}, version), **of_tls}
    of_ours = set(check_options(scheme, ours, version))
    without_profile = set(check_options(scheme, {**of_tls, **service.options}, version))
    for problem in check_options(scheme, {**ours, **service.options}, version):
        if problem in of_ours:
            continue
        is_by_profile = problem not in without_profile
        beside = f"beside 'queue_profile: {service.queue_profile}': " if is_by_profile else ""
        yield problem._replace(message=f"{beside}{problem.message}")


def _check_secret_options(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        service = filled.service(name)
        known = driver_options(service.scheme or "")
        for option in service.options:
            if option in known and known[option].is_secret:
                message = f"{option} is a secret, and a plan is no place for one"
                hint = "leave it out; a password stands in the file given with --secrets"
                yield finding_at(plan, f"$.{name}.options.{option}", "secret-option", message, hint)


def _check_health(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        check = filled.service(name).health_check
        if check.timeout_s > check.interval_s:
            message = f"a probe may take {check.timeout_s} s, and the next comes after {check.interval_s} s"
            path = f"$.{name}.health_check"
            yield finding_at(
                plan, path, "probe-outlasts-interval", message, "lower timeout_s", severity="warning"
            )


def _check_no_consumer(plan: Plan, _filled: Plan) -> Iterator[Finding]:
    others = [name for name in plan.consumers if name != NO_CONSUMER]
    if others and NO_CONSUMER in plan.consumers:
        message = f"says that nobody builds the clients' configuration, and that {' and '.join(others)} does"
        hint = f"leave out none, or write 'consumers: [{NO_CONSUMER}]'"
        yield finding_at(plan, "$.consumers", "contradicting-consumers", message, hint)


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
        "queue_profile": service.queue_profile is not None,
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
    _check_health,
    _check_no_consumer,
    _check_beside_whole_url,
    _check_services_named,
)
