# SPDX-License-Identifier: Apache-2.0
"""A copy of this process."""

from __future__ import annotations

import os
import warnings


def fork() -> int:
    """Fork, and return 0 in the child.

    eventlet, which oslo.messaging imports, warns of every fork, and Python of one beside threads. A child of
    ours uses neither what these share with it nor their locks.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
