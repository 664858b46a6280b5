# SPDX-License-Identifier: Apache-2.0
"""The secrets of the messaging services: which there are, how they are made, where they are kept."""

from __future__ import annotations

from tripleo_messaging.passwords.generate import existing_passwords, generate_passwords
from tripleo_messaging.passwords.specs import PASSWORD_SPECS, PasswordSpec

__all__ = [
    "PASSWORD_SPECS",
    "PasswordSpec",
    "existing_passwords",
    "generate_passwords",
]
