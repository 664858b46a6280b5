# SPDX-License-Identifier: Apache-2.0
"""``python -m tripleo_messaging``."""

from __future__ import annotations

from tripleo_messaging.cli.main import run

if __name__ == "__main__":
    run()
