# SPDX-License-Identifier: Apache-2.0
"""The account that may look at a broker and do nothing else."""

from __future__ import annotations

MONITOR_USER = "tripleo-messaging-monitor"
MONITOR_SECRET = "RabbitMonitorPassword"  # noqa: S105  the name of one
#: Sees every connection by the management API; without a permission it reads and writes no message.
MONITOR_TAG = "monitoring"
