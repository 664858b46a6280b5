# SPDX-License-Identifier: Apache-2.0
"""Hosts, groups and networks out of an Ansible inventory."""

from __future__ import annotations

from tripleo_messaging.inventory.load import load_inventory
from tripleo_messaging.inventory.parse import parse_inventory

__all__ = ["load_inventory", "parse_inventory"]
