# SPDX-License-Identifier: Apache-2.0
"""The plan as a value."""

from __future__ import annotations

import attrs
import pytest

from tripleo_messaging.model.finding import Origin
from tripleo_messaging.model.plan import SERVICES, Node, Plan, ServicePlan, Tls

ORIGINS = {
    "$": Origin(file="p", line=1),
    "$.rpc": Origin(file="p", line=2),
    "$.rpc.nodes[1]": Origin(file="p", line=5),
}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$.rpc", 2),
        ("$.rpc.port", 2),
        ("$.rpc.nodes[1].port", 5),
        ("$.rpc.nodes[0]", 2),
        ("$.notify", 1),
        ("$", 1),
    ],
)
def test_origin(path: str, line: int) -> None:
    """A value that was not written has the origin of the nearest parent that was."""
    assert Plan(origins=ORIGINS).origin(path) == Origin(file="p", line=line)


@pytest.mark.parametrize("path", ["", "$", "$.rpc.port", "rpc"])
def test_no_origin(path: str) -> None:
    """A plan that nobody wrote has none."""
    assert Plan().origin(path) is None


def test_origins_are_no_part_of_what_a_plan_means() -> None:
    """The same plan from two files is the same plan, and no path of a file is in its text."""
    assert Plan(origins=ORIGINS) == Plan()
    assert "Origin" not in repr(Plan(origins=ORIGINS))


def test_services() -> None:
    """Each is found by its name."""
    plan = Plan(rpc=ServicePlan(service="rpc", port=1), notify=ServicePlan(service="notify", port=2))
    assert [plan.service(name).port for name in SERVICES] == [1, 2]


def test_a_plan_cannot_be_changed() -> None:
    """Neither its fields nor the mappings in them, nor through the mapping it was made from."""
    options = {"heartbeat_rate": 3}
    service = ServicePlan(service="rpc", options=options)
    options["heartbeat_rate"] = 4
    assert service.options == {"heartbeat_rate": 3}
    with pytest.raises(TypeError):
        service.options["a"] = 1  # type: ignore[index]
    for value in (Plan(), service, Tls(), Node(host="a")):
        field = attrs.fields(type(value))[0].name
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, None)


def test_arguments_are_named() -> None:
    """No value is taken by its position."""
    with pytest.raises(TypeError):
        Node("a")  # type: ignore[misc]
