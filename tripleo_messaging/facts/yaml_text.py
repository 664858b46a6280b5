# SPDX-License-Identifier: Apache-2.0
"""Facts as a YAML file.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/parser.rb``, ``YamlParser`` and ``TIME``.
"""

from __future__ import annotations

import re
from typing import Any

from tripleo_messaging.facts.key_values import decode

# Facter puts quotes around times, so that they stay texts, and around the white space that follows.
_TIME = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?\s*$)",
    re.MULTILINE | re.ASCII,
)


def read_yaml(content: bytes) -> Any:
    """Return the value of a YAML file, as `psych.load`.

    Raises:
        SpoiledError: it is not UTF-8, or Psych fails on it.
    """
    from tripleo_messaging.facts.psych import load  # a node's facts need no YAML where no file is

    return load(_TIME.sub(r'"\1"', decode(content)))
