# SPDX-License-Identifier: Apache-2.0
"""The table of Heat parameters fits the plan, and tells our names from those of other services."""

from __future__ import annotations

import attrs
import pytest

from tripleo_messaging.documents import Document
from tripleo_messaging.model.heat_parameters import (
    EXTERNAL_HIERADATA,
    HEAT_PARAMETERS,
    LEGACY_PARAMETERS,
    HeatParameter,
)
from tripleo_messaging.model.plan import HealthCheck, Plan, ServicePlan, Tls
from tripleo_messaging.passwords.specs import PASSWORD_SPECS
from tripleo_messaging.plan.heat import plan_from_environments
from tripleo_messaging.plan.heat_values import HeatValueError, as_heat_reads, read_number

# Every other parameter of queens-em to stable/zed whose name begins alike.
UPSTREAMS_OTHERS = (
    "MetricsQdrSslCertFile",
    "MonitoringRabbitPassword",
    "QdrCertificateKeySize",
    "RabbitAdditionalErlArgs",
    "RabbitCookieSalt",
    "RabbitFDLimit",
    "RabbitFIPS",
    "RabbitHAQueues",
    "RabbitIPv6",
    "RabbitMQServiceBase",
    "RabbitNetTickTime",
    "RabbitTCPBacklog",
    "RabbitmqCertificateKeySize",
    "RabbitmqEnableManagementAccess",
    "RabbitmqMessageCertificateKeySize",
    "RpcCertificateKeySize",
    "VrtsRabbitPassword",
    "KeystoneNotificationDriver",
    "KeystoneNotificationTopics",
    "NovaPassword",
    "NeutronRpcWorkers",
    "OctaviaPassword",
    "InternalTLSVncCAFile",
    "EnableEtcdInternalTLS",
)
BECOMES = [parameter for parameter in HEAT_PARAMETERS.values() if parameter.becomes.startswith("$")]


@pytest.mark.parametrize("parameter", BECOMES, ids=lambda parameter: parameter.name)
def test_paths_are_fields_of_the_plan(parameter: HeatParameter):
    """What a parameter becomes is a field of the plan."""
    steps = parameter.becomes.split(".")[1:]
    kinds = {"rpc": ServicePlan, "notify": ServicePlan, "tls": Tls, "health_check": HealthCheck}
    kind: type = Plan
    for step in steps:
        assert step in {field.name for field in attrs.fields(kind)}
        kind = kinds.get(step, kind)


def test_hidden_are_the_secrets():
    """Exactly what becomes a secret is hidden, and every password that is generated is among them."""
    hidden = {name for name, parameter in HEAT_PARAMETERS.items() if parameter.hidden}
    assert hidden == {name for name, parameter in HEAT_PARAMETERS.items() if parameter.becomes == "secret"}
    assert set(PASSWORD_SPECS) <= hidden


def test_legacy_names_have_the_same_type():
    """A legacy parameter's value can stand for the new one: type and hiding are equal."""
    for new, old in LEGACY_PARAMETERS.items():
        ours, legacy = HEAT_PARAMETERS[new], HEAT_PARAMETERS[old]
        assert (ours.type, ours.switch, ours.hidden) == (legacy.type, legacy.switch, legacy.hidden)


def test_external_hieradata_stands_for_parameters():
    """Every key of the extra map data stands for a parameter of the table."""
    assert {name for keys in EXTERNAL_HIERADATA.values() for name in keys.values()} <= set(HEAT_PARAMETERS)


@pytest.mark.parametrize("name", UPSTREAMS_OTHERS)
def test_no_near_miss_among_upstreams_names(name: str):
    """Another service's parameter gives no finding."""
    document = Document(file="x.json", data={"parameter_defaults": {name: "value"}})
    assert plan_from_environments([document])[2] == ()


@pytest.mark.parametrize(
    ("release", "driver"),
    [("queens", "messagingv2"), ("stein", "messagingv2"), ("train", "noop"), ("zed", "noop"), (None, "noop")],
    ids=str,
)
def test_driver_by_release(release: str, driver: str):
    """Where no file names a driver, the templates' default of the release holds."""
    plan, _, _ = plan_from_environments([], release=release)
    assert plan is not None
    assert plan.notify.driver == driver


def test_texts_from_json_are_not_typed_again():
    """A JSON text is a text, whatever it looks like."""
    assert [as_heat_reads(value) for value in ("010", "yes", "~", 1, True)] == ["010", "yes", "~", 1, True]


def test_hidden_value_of_a_wrong_type_is_not_shown():
    """Were a number a secret, its wrong value would not be shown."""
    parameter = HeatParameter(
        name="x", type="number", default=None, becomes="secret", description="", hidden=True
    )
    with pytest.raises(
        HeatValueError, match=r"^has a value that is not shown, expected a whole number from 1$"
    ):
        read_number(parameter, "hunter2")
