# SPDX-License-Identifier: Apache-2.0
"""Which values are shown only when asked with ``--reveal``."""

from tripleo_messaging.hieradata.secret_keys import is_secret_key, level_of, looks_secret

__all__ = ["is_secret_key", "level_of", "looks_secret"]
