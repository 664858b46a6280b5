# SPDX-License-Identifier: Apache-2.0
"""Our levels into an existing hierarchy, and out again.

Bytes come in and bytes go out: a hiera.yaml of version 3 or 5 is edited as text, so that all else stays as it
was written, and each edit is read again and undone before it is given back. `managed` does the same with the
keys in a JSON file that the hierarchy reads already.
"""

from __future__ import annotations

from tripleo_messaging.hierarchy.edit import Edit, data_directory, with_levels, without_levels
from tripleo_messaging.hierarchy.ours import OurLevels

__all__ = ["Edit", "OurLevels", "data_directory", "with_levels", "without_levels"]
