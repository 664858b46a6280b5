# SPDX-License-Identifier: Apache-2.0
"""The variables of an inventory that say where a host is: ``<network>_ip`` and ``<network>_hostname``.

Source: tripleo-common ``inventory.py``, which writes both for every network of a role.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable
from typing import Optional

import attrs

from tripleo_messaging.documents import is_null
from tripleo_messaging.model.finding import Severity

_SUFFIXES = (("_ip", "addresses"), ("_hostname", "host_names"))
# Names that end alike but belong to no network.
_OF_NO_NETWORK = frozenset({"ansible", "canonical", "inventory"})

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f.:/\[\]]{1,64}")
_INVENTORY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*"
)


@attrs.define(kw_only=True)
class Networks:
    """What one host or group says, by network; addresses are IP addresses without brackets."""

    addresses: dict[str, str] = attrs.field(factory=dict)
    host_names: dict[str, str] = attrs.field(factory=dict)

    def overlay(self, other: Networks) -> None:
        """Lay what `other` says over what stands here."""
        self.addresses.update(other.addresses)
        self.host_names.update(other.host_names)


@attrs.frozen(kw_only=True)
class Problem:
    """Why a value cannot be used; the fields are those of a finding."""

    rule: str
    severity: Severity
    message: str
    hint: str = ""


@attrs.frozen(kw_only=True)
class Variable:
    """A variable that states a fact of a network.

    Attributes:
        kind: the field of `Networks` it fills, ``addresses`` or ``host_names``.
        network: name of the network, e.g. ``internal_api``.
    """

    kind: str
    network: str


@functools.lru_cache(maxsize=4096)
def network_variable(name: str) -> Optional[Variable]:
    """Tell which network a variable of that name speaks of, if any."""
    for suffix, kind in _SUFFIXES:
        network = name[: -len(suffix)]
        if name.endswith(suffix) and network and network not in _OF_NO_NETWORK:
            return Variable(kind=kind, network=network)
    return None


def check_inventory_name(name: object) -> bool:
    """Tell whether an inventory name is a host name, and safe as the name of a file."""
    return isinstance(name, str) and ".." not in name and bool(_INVENTORY_NAME.fullmatch(name))


def read_variable(variable: Variable, value: object, networks: Networks) -> Optional[Problem]:
    """Put the value of a network variable into `networks`; return why that cannot be done.

    A value that states nothing (null, empty, a flag such as ``use_public_ip: true``) is passed by.
    """
    if isinstance(value, (dict, list)):
        return _not_a_text(variable)
    if not isinstance(value, str) or not value or is_null(value):
        return None
    text, problem = _READERS[variable.kind](value)
    if text is not None:
        getattr(networks, variable.kind)[variable.network] = text
    return problem


def _not_a_text(variable: Variable) -> Problem:
    expected = "an IP address" if variable.kind == "addresses" else "a host name"
    return Problem(rule="bad-address", severity="error", message=f"is a collection, expected {expected}")


_Read = tuple[Optional[str], Optional[Problem]]


def _read_address(text: str) -> _Read:
    if _IPV4.fullmatch(text):
        return str(text), None
    if "." not in text and ":" not in text:
        return None, None
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        # A zone is refused below; Python before 3.9.5 would let leading zeros pass, the pattern does not.
        address = None if "%" in inner else ipaddress.IPv6Address(inner)
    except ValueError:
        address = None
    return (address.compressed, None) if address else (None, _bad_address(text))


def _bad_address(text: str) -> Problem:
    if "{{" in text:
        return Problem(
            rule="bad-address",
            severity="warning",
            message="is a Jinja template, which is not evaluated here: no address on this network",
            hint="pass the output of ansible-inventory --list",
        )
    message = f"{_shown(text)} is not an IP address"
    return Problem(rule="bad-address", severity="error", message=message, hint=_address_hint(text))


def _shown(text: str) -> str:
    return repr(str(text)) if _ADDRESS_LIKE.fullmatch(text) else f"a text of {len(text)} characters"


def _address_hint(text: str) -> str:
    if "%" in text:
        return "write it without the zone, which means something on one host only"
    return "write it without the prefix length" if "/" in text else ""


def _read_host_name(text: str) -> _Read:
    # LP#1928869: Neutron's names end with a dot.
    name = text.removesuffix(".")
    if _HOST_NAME.fullmatch(name):
        return str(name), None
    message = (
        f"is not a host name of at most 253 letters, digits, hyphens and dots (it has {len(text)} characters)"
    )
    return None, Problem(rule="bad-host-name", severity="error", message=message)


_READERS: dict[str, Callable[[str], _Read]] = {"addresses": _read_address, "host_names": _read_host_name}
