# SPDX-License-Identifier: Apache-2.0
"""Rules on the kinds of queues that clients declare: who knows them, who has them, what they cost.

A kind that the plan does not name is chosen so that none of these is an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.queue_profiles import (
    CLASSIC,
    QUEUE_PROFILES,
    QueueProfile,
    best_profile,
    broker_version,
    client_options,
    declared_properties,
    default_profile,
    version_text,
)
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import SERVICES, Option, Plan, ServiceName, ServicePlan
from tripleo_messaging.model.release import RELEASES
from tripleo_messaging.model.url_checks import RABBIT_SCHEMES
from tripleo_messaging.plan.defaults import carries_options, deployed_services
from tripleo_messaging.plan.report import finding_at

#: The oldest RabbitMQ that reads the settings and definitions that are written.
OLDEST_BROKER = (3, 8)


def _stated(plan: Plan, filled: Plan) -> Iterator[tuple[ServiceName, ServicePlan, QueueProfile]]:
    """Yield the services whose kind of queues the plan names, and that can have kinds."""
    for name in SERVICES:
        service = filled.service(name)
        profile = QUEUE_PROFILES.get(plan.service(name).queue_profile or "")
        if profile is not None and service.scheme in RABBIT_SCHEMES:
            yield name, service, profile


def _check_where_none(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        service, written = filled.service(name), plan.service(name)
        if find_backend(service.backend or "") is None or service.scheme in RABBIT_SCHEMES:
            continue
        if written.queue_profile is not None:
            message = f"the kinds of queues are RabbitMQ's, and {service.backend} has none"
            path = f"$.{name}.queue_profile"
            yield finding_at(plan, path, "no-queue-profiles", message, "remove the key")
        if written.broker_version is not None:
            message = "is read of RabbitMQ alone"
            path, rule = f"$.{name}.broker_version", "broker-version-unused"
            yield finding_at(plan, path, rule, message, "remove the key", severity="warning")


def _check_release(plan: Plan, filled: Plan) -> Iterator[Finding]:
    release = RELEASES.get(filled.release)
    for name, _, profile in _stated(plan, filled):
        if release is not None and not profile.is_known_to(release.oslo_messaging):
            message = f"services of {release.name} cannot declare {profile.name} queues"
            best = best_profile(release.oslo_messaging, None)
            hint = f"use {best}, or a release from {_first_release(profile)} on"
            path = f"$.{name}.queue_profile"
            yield finding_at(plan, path, "queue-profile-unknown-to-release", message, hint)


def _first_release(profile: QueueProfile) -> str:
    return next(release.name for release in RELEASES.values() if profile.is_known_to(release.oslo_messaging))


def _check_broker(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name, service, profile in _stated(plan, filled):
        broker = broker_version(service.broker_version)
        if broker is not None and not profile.is_served_by(broker):
            message = f"RabbitMQ {service.broker_version} has no {profile.name} queues"
            hint = f"use another, or RabbitMQ from {version_text(profile.needs_broker)} on"
            path = f"$.{name}.queue_profile"
            yield finding_at(plan, path, "queue-profile-unknown-to-broker", message, hint)
    for service, backend in deployed_services(filled):
        broker = broker_version(service.broker_version)
        if backend.server and broker is not None and broker < OLDEST_BROKER:
            message = f"RabbitMQ {service.broker_version} does not read the settings that are written for it"
            path = f"$.{service.service}.broker_version"
            hint = f"use one from {version_text(OLDEST_BROKER)} on"
            yield finding_at(plan, path, "broker-too-old", message, hint)


def _check_options_against(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """A kind that is named and switched off, or the other way round, is not what was meant."""
    for name, service, profile in _stated(plan, filled):
        for option, value in _decisive(profile).items():
            if option in service.options and _is_on(service, option) is not value:
                message = (
                    f"stands beside 'queue_profile: {profile.name}', which has {option}: {value}".lower()
                )
                hint = f"leave {option} out, or name another queue_profile"
                path = f"$.{name}.options.{option}"
                yield finding_at(plan, path, "option-against-profile", message, hint)


def _decisive(profile: QueueProfile) -> dict[str, bool]:
    names = ("rabbit_quorum_queue", "rabbit_stream_fanout")
    return {name: bool(profile.options.get(name)) for name in names}


def _is_on(service: ServicePlan, option: str) -> object:
    return declared_properties(service.options)[option]


def _options(filled: Plan, name: ServiceName) -> dict[str, Option]:
    release = RELEASES[filled.release]
    service = filled.service(name)
    return client_options(service.queue_profile or "", service.options, release.oslo_messaging)


def _with_queues(filled: Plan) -> Iterator[tuple[ServiceName, ServicePlan, dict[str, Option]]]:
    """Yield the services that declare queues, with all their driver options."""
    for name in SERVICES if filled.release in RELEASES else ():
        service = filled.service(name)
        if service.queue_profile is not None and service.scheme in RABBIT_SCHEMES:
            yield name, service, _options(filled, name)


def _check_queue_manager(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """Notify has no queue that the queue manager names."""
    for name, service, options in _with_queues(filled):
        is_ours = options.get("use_queue_manager") is True and "use_queue_manager" not in service.options
        if name == "rpc" and is_ours:
            message = (
                "has use_queue_manager: a service without lock_path in [oslo_concurrency] can make no call"
            )
            hint = "set lock_path in every service, or write 'use_queue_manager: false' under options"
            path, rule = "$.rpc.queue_profile", "queue-manager-needs-lock-path"
            yield finding_at(plan, path, rule, message, hint, severity="note")


def _check_endless_streams(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name, _, options in _with_queues(filled):
        declared = declared_properties(options)
        if declared["rabbit_stream_fanout"] and declared["rabbit_transient_queues_ttl"] == 0:
            path = f"$.{name}.options.rabbit_transient_queues_ttl"
            message = "0 keeps what is in a stream for ever, until the disk is full"
            hint = "write seconds, or leave it out for half an hour"
            yield finding_at(plan, path, "stream-without-age", message, hint, severity="warning")


def _check_kept_classic(plan: Plan, filled: Plan) -> Iterator[Finding]:
    release = RELEASES.get(filled.release)
    if release is None or carries_options(filled):
        return
    for service, _ in deployed_services(filled):
        broker = broker_version(service.broker_version)
        better = default_profile(release.oslo_messaging, broker)
        if plan.service(service.service).queue_profile is None and service.queue_profile not in (
            None,
            better,
        ):
            message = (
                f"{better} queues would be the default, and stock puppet-tripleo passes no options for them"
            )
            hint = f"write 'override_stock: true', or 'queue_profile: {CLASSIC}' to say that this is meant"
            path, rule = f"$.{service.service}.queue_profile", "queue-profile-kept-classic"
            yield finding_at(plan, path, rule, message, hint, severity="note")


QUEUE_RULES = (
    _check_where_none,
    _check_release,
    _check_broker,
    _check_options_against,
    _check_queue_manager,
    _check_endless_streams,
    _check_kept_classic,
)
