# SPDX-License-Identifier: Apache-2.0
"""Facter's structured facts out of what Ansible has gathered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

_MIB = 1024 * 1024
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")

Gathered = Mapping[str, Any]


def _at(facts: Any, path: str) -> Any:
    for step in path.split("."):
        facts = facts.get(step) if isinstance(facts, Mapping) else None
    return facts


def _is(path: str, expected: str) -> Callable[[Gathered], Optional[bool]]:
    def compared(facts: Gathered) -> Optional[bool]:
        found = _at(facts, path)
        return None if found is None else found == expected

    return compared


def _bytes(path: str) -> Callable[[Gathered], Optional[int]]:
    def counted(facts: Gathered) -> Optional[int]:
        found = _at(facts, path)
        return found * _MIB if isinstance(found, int) else None

    return counted


def _size(path: str) -> Callable[[Gathered], Optional[str]]:
    def written(facts: Gathered) -> Optional[str]:
        count = _bytes(path)(facts)
        return None if count is None else human_size(count)

    return written


def human_size(size_bytes: int) -> str:
    """Write a size as Facter does: ``1.50 GiB``."""
    size = float(size_bytes)
    for unit in _UNITS[:-1]:
        if size < 1024:  # noqa: PLR2004  the step between two units
            return f"{size_bytes} bytes" if unit == "bytes" else f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} {_UNITS[-1]}"


def _kernel_version(facts: Gathered) -> Optional[str]:
    release = _at(facts, "kernel")
    return release.partition("-")[0] if isinstance(release, str) else None


def _kernel_major(facts: Gathered) -> Optional[str]:
    version = _kernel_version(facts)
    return None if version is None else ".".join(version.split(".")[:2])


def _minor(facts: Gathered) -> Optional[str]:
    parts = str(_at(facts, "distribution_version") or "").split(".")
    return parts[1] if len(parts) > 1 else None


def _models(facts: Gathered) -> Any:
    # Number, maker and model of each processor in turn.
    listed = _at(facts, "processor")
    return listed[2::3] if isinstance(listed, list) and listed[2::3] else None


def _interfaces(facts: Gathered) -> Any:
    names = _at(facts, "interfaces")
    if not isinstance(names, list):
        return None
    return {name: _interface(found) for name in names if (found := _of_interface(facts, name))}


def _of_interface(facts: Gathered, name: Any) -> Any:
    # Ansible writes the fact of br-ex as br_ex.
    return _at(facts, str(name).replace("-", "_").replace(":", "_").replace(".", "_"))


_INTERFACE = {
    "ip": "ipv4.address",
    "mac": "macaddress",
    "mtu": "mtu",
    "netmask": "ipv4.netmask",
    "network": "ipv4.network",
}


def _interface(found: Gathered) -> dict[str, Any]:
    values = {name: _at(found, path) for name, path in _INTERFACE.items()}
    listed = _at(found, "ipv6")
    addresses = [item.get("address") for item in listed] if isinstance(listed, list) else []
    values["ip6"] = next((address for address in addresses if address), None)
    return {name: value for name, value in sorted(values.items()) if value is not None}


#: Where each of Facter's values is found: a path in Ansible's facts without ``ansible_``, or what makes it.
MAPPING: Mapping[str, Any] = {
    "dmi.bios.release_date": "bios_date",
    "dmi.bios.vendor": "bios_vendor",
    "dmi.bios.version": "bios_version",
    "dmi.manufacturer": "system_vendor",
    "dmi.product.name": "product_name",
    "dmi.product.serial_number": "product_serial",
    "dmi.product.uuid": "product_uuid",
    "fips_enabled": "fips",
    "identity.gid": "user_gid",
    "identity.uid": "user_uid",
    "identity.user": "user_id",
    "is_virtual": _is("virtualization_role", "guest"),
    "kernel": "system",
    "kernelmajversion": _kernel_major,
    "kernelrelease": "kernel",
    "kernelversion": _kernel_version,
    "memory.swap.available_bytes": _bytes("swapfree_mb"),
    "memory.swap.total": _size("swaptotal_mb"),
    "memory.swap.total_bytes": _bytes("swaptotal_mb"),
    "memory.system.available": _size("memory_mb.nocache.free"),
    "memory.system.available_bytes": _bytes("memory_mb.nocache.free"),
    "memory.system.total": _size("memtotal_mb"),
    "memory.system.total_bytes": _bytes("memtotal_mb"),
    "networking.domain": "domain",
    "networking.fqdn": "fqdn",
    "networking.hostname": "hostname",
    "networking.interfaces": _interfaces,
    "networking.ip": "default_ipv4.address",
    "networking.ip6": "default_ipv6.address",
    "networking.mac": "default_ipv4.macaddress",
    "networking.mtu": "default_ipv4.mtu",
    "networking.netmask": "default_ipv4.netmask",
    "networking.network": "default_ipv4.network",
    "networking.primary": "default_ipv4.interface",
    "os.architecture": "architecture",
    "os.distro.codename": "distribution_release",
    "os.distro.id": "distribution",
    "os.distro.release.full": "distribution_version",
    "os.distro.release.major": "distribution_major_version",
    "os.family": "os_family",
    "os.hardware": "machine",
    "os.name": "distribution",
    "os.release.full": "distribution_version",
    "os.release.major": "distribution_major_version",
    "os.release.minor": _minor,
    "os.selinux.config_mode": "selinux.config_mode",
    "os.selinux.config_policy": "selinux.type",
    "os.selinux.current_mode": "selinux.mode",
    "os.selinux.enabled": _is("selinux.status", "enabled"),
    "processors.cores": "processor_cores",
    "processors.count": "processor_vcpus",
    "processors.isa": "machine",
    "processors.models": _models,
    "processors.physicalcount": "processor_count",
    "processors.threads": "processor_threads_per_core",
    "system_uptime.seconds": "uptime_seconds",
    "timezone": "date_time.tz",
    "virtual": "virtualization_type",
}


def structured_facts(gathered: Gathered) -> dict[str, Any]:
    """Return Facter's facts, as far as `MAPPING` has them and Ansible gathered them.

    Args:
        gathered: by name, with or without ``ansible_``; or the result of the ``setup`` module,
            which has them as ``ansible_facts``.
    """
    inner = gathered.get("ansible_facts")
    named = inner if isinstance(inner, Mapping) else gathered
    facts = {name.removeprefix("ansible_"): value for name, value in named.items()}
    made: dict[str, Any] = {}
    for path, source in MAPPING.items():
        value = _at(facts, source) if isinstance(source, str) else source(facts)
        if value is not None:
            _put(made, path.split("."), value)
    return made


def _put(facts: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        facts = facts.setdefault(step, {})
    facts[steps[-1]] = value
