# SPDX-License-Identifier: Apache-2.0
"""Values of Heat parameters, typed by their parameter.

Source: openstack/heat (526defd0) ``heat/engine/parameters.py``; oslo.utils ``strutils.bool_from_string`` for
booleans; puppetlabs-stdlib ``str2bool`` for the strings that say yes or no.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from tripleo_messaging.documents import Plain
from tripleo_messaging.model.finding import describe
from tripleo_messaging.model.heat_parameters import MAX_PORT, HeatParameter
from tripleo_messaging.model.plan import Node

_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NODE = re.compile(
    r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<bare>[^:\[\]]+))(?::(?P<port>[0-9]{1,6}))?|(?P<address>[^\[\]]*:[^\[\]]*:[^\[\]]*)"
)
_SWITCH_YES = frozenset({"1", "t", "y", "true", "yes"})
_SWITCH_NO = frozenset({"", "0", "f", "n", "false", "no"})
_BOOLEAN_YES = frozenset({"1", "t", "y", "true", "yes", "on"})
_BOOLEAN_NO = frozenset({"0", "f", "n", "false", "no", "off"})


def kind_of(value: object) -> str:
    """Name the kind of a value; the value itself may be a secret that lost its name."""
    kinds: tuple[tuple[type, str], ...] = ((dict, "a mapping"), (list, "a list"), (str, "a text"))
    return next((kind for known, kind in kinds if isinstance(value, known)), "a scalar")


class HeatValueError(ValueError):
    """A value that is not of its parameter's type; its text says what was found and expected."""


def as_heat_reads(value: object) -> Any:
    """Return a value as Heat's YAML 1.1 loader gives it: ``yes`` without quotes is True, ``010`` is 8.

    Texts in quotes, and values from JSON, are what they are. Timestamps stay texts, as in Heat.
    """
    if not isinstance(value, Plain):
        return value
    loader = yaml.SafeLoader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, str(value), (True, False))  # type: ignore[no-untyped-call]
        loaded = loader.construct_object(yaml.ScalarNode(tag, str(value)))
    except (yaml.YAMLError, ValueError):
        return str(value)
    return loaded if loaded is None or isinstance(loaded, (bool, int, float)) else str(value)


def is_read_otherwise(value: object) -> bool:
    """Tell whether Heat would make another text of a scalar than was written, as of ``0123``."""
    loaded = as_heat_reads(value)
    return isinstance(value, Plain) and str(loaded) != value


def read_text(parameter: HeatParameter, value: object) -> str:
    """Return a string parameter's text, as it was written.

    Raises:
        HeatValueError: it is a list or mapping.
    """
    if isinstance(value, (dict, list)):
        raise HeatValueError(f"{_found(parameter, value)}, expected a text")
    return str(value)


def read_number(parameter: HeatParameter, value: object) -> int:
    """Return a whole number within the parameter's bounds.

    Raises:
        HeatValueError: it is none, has leading zeros (which YAML 1.1 reads as octal), or is out of bounds.
    """
    expected = _expected_number(parameter)
    if isinstance(value, (bool, float)) or not _WHOLE_NUMBER.fullmatch(str(value)):
        raise HeatValueError(f"{_found(parameter, value)}, expected {expected}")
    number = int(str(value))
    if number < parameter.minimum or (parameter.maximum is not None and number > parameter.maximum):
        raise HeatValueError(f"{_found(parameter, value)}, expected {expected}")
    return number


def _expected_number(parameter: HeatParameter) -> str:
    if parameter.maximum == MAX_PORT:
        return f"a TCP port ({parameter.minimum} to {MAX_PORT})"
    return f"a whole number from {parameter.minimum}"


def read_switch(parameter: HeatParameter, value: object) -> bool:
    """Return what a string parameter such as ``RpcUseSSL`` says.

    Raises:
        HeatValueError: it is not among the words that Puppet's str2bool knows.
    """
    return _one_of(parameter, str(as_heat_reads(value)).lower(), value, _SWITCH_YES, _SWITCH_NO)


def read_boolean(parameter: HeatParameter, value: object) -> bool:
    """Return a boolean parameter's value.

    Raises:
        HeatValueError: it is not among the words that Heat knows.
    """
    return _one_of(parameter, str(value).strip().lower(), value, _BOOLEAN_YES, _BOOLEAN_NO)


def _one_of(
    parameter: HeatParameter, word: str, value: object, yes: frozenset[str], no: frozenset[str]
) -> bool:
    if isinstance(value, (dict, list)) or word not in yes | no:
        raise HeatValueError(f"{_found(parameter, value)}, expected true or false")
    return word in yes


def read_list(parameter: HeatParameter, value: object) -> tuple[str, ...]:
    """Return a list parameter's items, written as a list or as one text with commas.

    Raises:
        HeatValueError: it is a mapping, or an item is a collection.
    """
    if isinstance(value, list):
        if any(isinstance(item, (dict, list)) for item in value):
            raise HeatValueError("has an item that is a collection, expected texts")
        return tuple(str(item).strip() for item in value)
    if isinstance(value, dict):
        raise HeatValueError(f"{_found(parameter, value)}, expected a list, or a text with commas")
    return tuple(item.strip() for item in str(value).split(",")) if value else ()


def _found(parameter: HeatParameter, value: object) -> str:
    if not parameter.hidden or isinstance(value, (dict, list)):
        return f"is {describe(str(value) if isinstance(value, str) else value)}"
    return "has a value that is not shown"


def read_node(text: str) -> Node:
    """Return a host with its port, if one is written: ``host:port``, ``[IPv6]:port``, or the host alone.

    Raises:
        HeatValueError: there is no host, or what stands behind it is no TCP port.
    """
    match = _NODE.fullmatch(text)
    if match is None:
        raise HeatValueError(f"has {describe(text)}, expected host, host:port or [IPv6]:port")
    host = match["bracketed"] or match["bare"] or match["address"]
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= MAX_PORT:
        raise HeatValueError(f"has the port {port}, expected a TCP port (1 to {MAX_PORT})")
    return Node(host=host, port=port)
