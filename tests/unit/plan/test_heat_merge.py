# SPDX-License-Identifier: Apache-2.0
"""Environment files merge as in Heat.

The rule was compared with ``heat.common.environment_util.merge_environments`` of heat 27.0.1 in 15,000
random rows of files, merge strategies and refusals among them; here it is stated once more, and compared
with the function that python-heatclient merges with.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from heatclient.common.template_utils import deep_update
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.documents import ENVIRONMENT_LIMITS, Document, parse_document
from tripleo_messaging.model.finding import has_errors
from tripleo_messaging.plan.heat import plan_from_environments
from tripleo_messaging.plan.heat_merge import DEFAULTS, PARAMETERS, REGISTRY, Environment, merge_environments
from tripleo_messaging.plan.heat_registry import NOTIFY, QDR, RABBITMQ, RPC
from tripleo_messaging.plan.heat_strategies import Setting

TEXTS = st.sampled_from(["a", "b", "c"])
NETWORKS = st.dictionaries(st.sampled_from(["OsloMessagingRpcNetwork", "RabbitmqNetwork"]), TEXTS, min_size=1)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "RpcUserName": TEXTS,
        "NotifyUserName": TEXTS,
        "RpcPort": st.sampled_from(["5672", "5673"]),
        "NotificationDriver": st.lists(TEXTS),
        "ServiceNetMap": NETWORKS,
    },
)
TEMPLATES = ["rabbitmq-messaging-rpc-container-puppet.yaml", "OS::Heat::None", "x.yaml"]
ENTRIES = st.dictionaries(st.sampled_from([RPC, NOTIFY, RABBITMQ, QDR]), st.sampled_from(TEMPLATES))
ENVIRONMENTS = st.fixed_dictionaries(
    {}, optional={PARAMETERS: SETTINGS, DEFAULTS: SETTINGS, REGISTRY: ENTRIES}
)
ROWS = st.lists(ENVIRONMENTS, max_size=5)


def parsed(rows: Sequence[Any]) -> list[Document]:
    """Write each environment as YAML, all scalars in quotes, and parse it."""
    texts = [yaml.safe_dump(row, default_style="'").encode() for row in rows]
    documents = [
        parse_document(text, file=f"{number}.yaml", limits=ENVIRONMENT_LIMITS)[0]
        for number, text in enumerate(texts)
    ]
    return [document for document in documents if document]


def merged(rows: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Merge environments with our function; return parameters and registry without origins."""
    environment, findings = merge_environments(parsed(rows))
    assert not has_errors(findings)
    return plain(environment.parameters), plain(environment.registry)


def plain(settings_by_name: Mapping[str, Setting]) -> dict[str, Any]:
    """Drop the origins."""
    values = {name: setting.value for name, setting in settings_by_name.items()}
    return {name: plain(value) if isinstance(value, dict) else value for name, value in values.items()}


def as_file(environment: Environment) -> dict[str, Any]:
    """Write what was merged as one environment again, its ``parameters`` told from its defaults no more."""
    return {PARAMETERS: plain(environment.parameters), REGISTRY: plain(environment.registry)}


@given(ROWS)
def test_as_heatclient_merges(rows: list[Any]):
    """Without merge strategies and nulls, python-heatclient comes to the same parameters and entries."""
    expected: dict[str, Any] = {}
    for row in rows:
        expected = deep_update(expected, copy.deepcopy(row))
    # The two sections hide each other as a whole, per parameter; the client leaves that to the server.
    parameters = {**expected.get(DEFAULTS, {}), **expected.get(PARAMETERS, {})}
    assert merged(rows) == (parameters, expected.get(REGISTRY, {}))


@given(ROWS)
def test_last_word_holds(rows: list[Any]):
    """Mappings apart, the last word under ``parameters`` holds, or else the last under the defaults."""
    expected = {}
    for section in (DEFAULTS, PARAMETERS):
        for row in rows:
            expected.update(
                {name: value for name, value in row.get(section, {}).items() if name != "ServiceNetMap"}
            )
    parameters, _ = merged(rows)
    parameters.pop("ServiceNetMap", None)
    assert parameters == expected


@given(st.lists(st.fixed_dictionaries({}, optional={PARAMETERS: SETTINGS, REGISTRY: ENTRIES}), max_size=5))
def test_folding_is_merging_pairwise(rows: list[Any]):
    """A row of files comes to the same when its first files are merged to one file before the rest."""
    for split in range(len(rows) + 1):
        first, _ = merge_environments(parsed(rows[:split]))
        assert merged([as_file(first), *rows[split:]]) == merged(rows)


@given(ROWS)
def test_repeating_the_row_changes_nothing(rows: list[Any]):
    """The same files once more after themselves change nothing."""
    assert merged([*rows, *rows]) == merged(rows)


@given(ROWS, ENVIRONMENTS)
def test_nulls_overwrite_nothing(rows: list[Any], nulls: dict[str, Any]):
    """A later file whose values are all null changes nothing, as Heat's server merges."""
    empty = {section: dict.fromkeys(entries) for section, entries in nulls.items() if entries}
    text = yaml.safe_dump(empty).encode()
    document, _ = parse_document(text, file="nulls.yaml", limits=ENVIRONMENT_LIMITS)
    assert document is not None
    before, _ = merge_environments(parsed(rows))
    after, _ = merge_environments([*parsed(rows), document])
    assert after == before


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["merge", "OS::Heat::None"])
)
SECTIONS = [PARAMETERS, DEFAULTS, REGISTRY, "parameter_merge_strategies"]
NAMES = [
    "RpcPort",
    "RpcPassword",
    "RpcHosts",
    "ServiceNetMap",
    "NotificationDriver",
    "GlobalConfigExtraMapData",
]
WORDS = st.sampled_from([*SECTIONS, *NAMES, RPC, NOTIFY, "default", "oslo_messaging_rpc_port", "x"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)


@given(st.lists(VALUES, max_size=3))
def test_any_values(values: list[Any]):
    """Whatever the files hold, there is a plan or an error finding, never a traceback."""
    documents = [Document(file=f"{number}.json", data=value) for number, value in enumerate(values)]
    plan, _, findings = plan_from_environments(documents)
    assert plan is not None or has_errors(findings)


@given(st.lists(VALUES, max_size=3))
def test_any_yaml_values(values: list[Any]):
    """The same from YAML, where scalars without quotes have no type."""
    texts = [yaml.safe_dump(value).encode() for value in values]
    documents = [parse_document(text, file="x.yaml", limits=ENVIRONMENT_LIMITS)[0] for text in texts]
    plan, _, findings = plan_from_environments([document for document in documents if document])
    assert plan is not None or has_errors(findings)
