# SPDX-License-Identifier: Apache-2.0
"""Facts in the environment: ``FACTER_<name>``.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/loader.rb``, ``load_env``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_NAME = re.compile(r"^facter_?(\w+)$", re.IGNORECASE | re.MULTILINE | re.ASCII)


def environment_facts(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name, in small letters, and value of every fact of an environment, in its order.

    The underscore may be missing, so that ``FACTERLIB``, too, is a fact: ``lib``.
    """
    for variable, value in environ.items():
        if variable[:1] in "fF" or "\n" in variable:
            match = _NAME.search(variable)
            if match:
                yield match[1].lower(), value
