# SPDX-License-Identifier: Apache-2.0
"""The services of stock puppet-tripleo: one table here, which the Puppet module agrees with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tripleo_messaging.model.stock_services import STOCK_SERVICES, find_stock_service, overridden_services

MODULE = Path(__file__).parents[3] / "puppet_shims" / "tripleo_messaging"
URL = (MODULE / "manifests" / "stock" / "url.pp").read_text(encoding="utf-8")


def selector(variable: str) -> dict[str, str]:
    """Return the choices of a selector of the define, as they are written."""
    found = re.search(rf"^  \${variable} = .*? \? {{\n(.*?)\n  }}$", URL, re.MULTILINE | re.DOTALL)
    assert found is not None
    pairs = (line.strip().rstrip(",").split("=>") for line in found[1].splitlines())
    return {choice.strip().strip("'"): value.strip().strip("'\"") for choice, value in pairs}


def test_puppet_takes_the_services_of_the_table():
    """The type of the Puppet module names the same services in the same order."""
    text = (MODULE / "types" / "stock_service.pp").read_text(encoding="utf-8")
    assert re.findall(r"'([a-z]+)'", text) == list(STOCK_SERVICES)


def test_puppet_overrides_the_settings_of_the_table():
    """Each service has a branch with a collector of its type of settings, and there is no other branch."""
    types = selector("type")
    chosen = {name: types.get(name, types["default"].replace("${service}", name)) for name in STOCK_SERVICES}
    assert chosen == {name: service.config_type for name, service in STOCK_SERVICES.items()}
    branches = re.findall(
        r"^      '([a-z_]+)': { ([A-Z][a-z_]+) <\| title == \$setting \|> { value => \$value } }$",
        URL,
        re.MULTILINE,
    )
    assert [(branch.capitalize(), branch) for branch in chosen.values()] == [
        (collected, branch) for branch, collected in branches
    ]


def test_puppet_has_the_titles_of_the_table():
    """The setting of each service and messaging service has the title of the table."""
    titles = selector("setting")
    for service in STOCK_SERVICES.values():
        for messaging_service, title in service.settings.items():
            common = titles["[Any, 'notify']"] if messaging_service == "notify" else titles["default"]
            assert titles.get(f"['{service.name}', '{messaging_service}']", common) == title


@pytest.mark.parametrize(
    ("name", "found"),
    [("glance", "glance"), ("glance::notify::rabbitmq", "glance"), ("glance::api", None), ("Nova", None)],
)
def test_a_service_is_found_by_its_name_or_class(name: str, found: str | None):
    """A plan may say what puppet-openstack's keys begin with."""
    service = find_stock_service(name)
    assert (service and service.name) == found


def test_overridden_are_those_with_a_setting():
    """Each service is named once, in the plan's order, where it has a setting for that messaging service."""
    names = ("swift", "nova", "barbican::api", "barbican", "novajoin", "unknown")
    assert overridden_services(names, "rpc") == ("nova", "barbican", "novajoin")
    assert overridden_services(names, "notify") == ("swift", "nova", "barbican")
