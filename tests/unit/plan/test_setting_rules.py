# SPDX-License-Identifier: Apache-2.0
"""Rules on plans that were read from Heat, which no folder of the plan suite holds."""

from __future__ import annotations

import pytest
import yaml

from tripleo_messaging.documents import ENVIRONMENT_LIMITS, parse_document
from tripleo_messaging.plan.heat import plan_from_environments
from tripleo_messaging.plan.rules import check_plan

_EXTERNAL = {
    f"OS::TripleO::Services::OsloMessaging{service}": "OS::Heat::None" for service in ("Rpc", "Notify")
}
_URLS = {f"{service}TransportUrl": "rabbit://u:s3cret@mq.example.com:5672/" for service in ("Rpc", "Notify")}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, []),
        ({"RpcPort": 5673}, [("$.rpc.port", "warning")]),
        ({"NotifyUserName": "events"}, [("$.notify.user_name", "warning")]),
    ],
)
def test_heats_defaults_are_not_stated_beside_a_whole_url(
    parameters: dict[str, object], expected: list[tuple[str, str]]
):
    """Upstream's default user and port are nobody's wish; a parameter that was set is, but ends nothing."""
    environment = {"resource_registry": _EXTERNAL, "parameter_defaults": {**_URLS, **parameters}}
    content = yaml.safe_dump(environment).encode()
    document, _ = parse_document(content, file="environment.yaml", limits=ENVIRONMENT_LIMITS)
    assert document is not None
    plan, _, _ = plan_from_environments([document])
    assert plan is not None
    found = [finding for finding in check_plan(plan) if finding.rule == "beside-whole-url"]
    assert [(finding.path, finding.severity) for finding in found] == expected
