# SPDX-License-Identifier: Apache-2.0
"""A plan with TLS for two clusters, as the commands on certificates read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

INVENTORY = """\
all:
  children:
    oslo_messaging_rpc:
      hosts:
        ctl-0: {internal_api_ip: 172.17.0.10, internal_api_hostname: ctl-0.internalapi.example.org}
        ctl-1: {internal_api_ip: 172.17.0.11, internal_api_hostname: ctl-1.internalapi.example.org}
    oslo_messaging_notify:
      hosts:
        msg-0: {internal_api_ip: 172.17.0.20, internal_api_hostname: msg-0.internalapi.example.org}
"""

PLAN = """\
version: 1
consumers: [none]
rpc:
  tls:
    enabled: true
    inter_node: true
    ca_file: /etc/rpc/ca.crt
    certificate_file: /etc/rpc/broker.crt
    key_file: /etc/rpc/broker.key
notify:
  backend: rabbitmq
  port: 5673
  tls:
    enabled: true
    ca_file: /etc/notify/ca.crt
    certificate_file: /etc/notify/broker.crt
    key_file: /etc/notify/broker.key
    client_certificate_file: /etc/notify/client.crt
    client_key_file: /etc/notify/client.key
    verify_clients: true
"""

RPC, NOTIFY, CLIENTS = "hosts/ctl-0/etc/rpc", "hosts/msg-0/etc/notify", "clients/etc"


def input_words(
    write: Callable[[str, str], Path], plan: str = PLAN, inventory: str = INVENTORY
) -> tuple[object, ...]:
    """Write plan and inventory, and return the options that name them."""
    return ("--plan", write("plan.yaml", plan), "--inventory", write("inventory.yaml", inventory))
