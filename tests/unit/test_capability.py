# SPDX-License-Identifier: Apache-2.0
"""Which backend serves which service in which release."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tripleo_messaging.backends import BACKEND_MODULES, backend_of_scheme, find_backend, spoken_backend
from tripleo_messaging.backends.protocol import Backend, Support
from tripleo_messaging.capability import Capability, capability, capability_table
from tripleo_messaging.model.plan import SERVICES
from tripleo_messaging.model.release import RELEASES

SUITE = yaml.safe_load((Path(__file__).parents[1] / "suites" / "capability.yaml").read_text())
BACKENDS = ("rabbitmq", "qdrouterd", "zmq", "kafka", "external")


def backend(name: str) -> Backend:
    """Return a backend that is there."""
    found = find_backend(name)
    assert found is not None
    return found


def test_the_whole_table() -> None:
    """Every cell is what the release's oslo.messaging can do, and no cell is missing."""
    expected = {
        (name, service, release): service in cell.split("+")
        for release, cells in SUITE["cells"].items()
        for name, cell in zip(BACKENDS, cells)
        for service in SERVICES
    }
    found = {(cell.backend, cell.service, cell.release): cell.allowed for cell in capability_table()}
    assert found == expected
    assert len(list(capability_table())) == len(expected) == 21 * 5 * 2


def test_the_table_goes_from_the_oldest_release() -> None:
    """Release by release, in the order of their names."""
    releases = list(dict.fromkeys(cell.release for cell in capability_table()))
    assert releases == list(SUITE["versions"])


def test_versions() -> None:
    """Each release ends with its version of oslo.messaging."""
    found = {name: ".".join(map(str, release.oslo_messaging)) for name, release in RELEASES.items()}
    assert found == SUITE["versions"]


def test_what_cannot_be_says_why_and_what_instead() -> None:
    """And what can be says nothing."""
    for cell in capability_table():
        assert bool(cell.reason) is not cell.allowed, cell
        assert bool(cell.way_out) is not cell.allowed, cell


@pytest.mark.parametrize(
    ("scheme", "service", "release", "allowed"),
    [
        ("rabbit", "notify", "2026.1", True),
        ("kombu", "rpc", "2026.1", True),
        ("amqp", "rpc", "2024.2", True),
        ("amqp", "rpc", "2025.1", False),
        ("amqp", "notify", "wallaby", False),
        ("kafka", "rpc", "wallaby", False),
        ("kafka", "notify", "wallaby", True),
        ("zmq", "rpc", "rocky", True),
        ("zmq+redis", "rpc", "rocky", True),
        ("zmq+sentinel", "rpc", "stein", False),
        ("fake", "rpc", "wallaby", True),
        (None, "notify", "wallaby", True),
    ],
)
def test_an_external_backend_can_do_what_its_scheme_can(
    scheme: str | None, service: str, release: str, allowed: bool
) -> None:
    """Whoever runs it: what the far side speaks decides."""
    cell = capability(backend("external"), service, RELEASES[release], scheme)  # type: ignore[arg-type]
    assert (cell.backend, cell.allowed) == ("external", allowed)


def test_the_scheme_of_a_product_of_ours_is_its_own() -> None:
    """A stated scheme changes nothing there."""
    rabbitmq = backend("rabbitmq")
    assert spoken_backend(rabbitmq, "kafka") is rabbitmq
    assert capability(rabbitmq, "rpc", RELEASES["wallaby"], "kafka") == Capability(
        backend="rabbitmq", service="rpc", release="wallaby", allowed=True
    )


def test_backends_are_found_by_name_and_scheme() -> None:
    """Each has the name it is found by; what is none is not found."""
    assert {name: backend(name).name for name in BACKEND_MODULES} == {name: name for name in BACKENDS}
    schemes = {"rabbit": "rabbitmq", "kombu": "rabbitmq", "amqp": "qdrouterd", "kafka": "kafka", "zmq": "zmq"}
    found = {scheme: backend_of_scheme(scheme) for scheme in schemes}
    assert {scheme: one and one.name for scheme, one in found.items()} == schemes
    assert find_backend("rabbit") is None
    assert backend_of_scheme("rabbitmq") is None
    assert backend_of_scheme("") is None


@pytest.mark.parametrize(
    ("version", "holds"),
    [((4,), False), ((5, 0, 0), True), ((5, 9, 9), True), ((6, 0, 0), False), ((6, 0, 1), False)],
)
def test_support_has_a_first_version_and_a_first_one_without(version: tuple[int, ...], holds: bool) -> None:
    """`since` is within, `until` is not."""
    release = RELEASES["wallaby"].__class__(position=0, name="x", oslo_messaging=version)
    assert Support(since=(5,), until=(6, 0, 0)).holds_for(release) is holds
    assert Support(since=(5,)).holds_for(release) is (version >= (5,))
    assert not Support(possible=False).holds_for(release)
