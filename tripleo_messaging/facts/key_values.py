# SPDX-License-Identifier: Apache-2.0
"""Facts as lines ``name=value``: ``.txt`` files, and what most executables print.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/parser.rb``, ``KeyValuePairOutputFormat``.
"""

from __future__ import annotations

import re

from tripleo_messaging.facts.outcome import Pairs, SpoiledError

_PAIR = re.compile(r"(.+?)=(.+)")


def decode(content: bytes) -> str:
    """Decode a file's content.

    Raises:
        SpoiledError: it is not UTF-8; Facter fails on all of it.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpoiledError("not-utf-8", "not UTF-8; Facter reads nothing of it", line=line) from None


def read_pairs(text: str) -> Pairs:
    """Return the facts of a text; the last of two lines with one name counts, in the place of the first.

    The first ``=`` after a character splits; nothing is stripped, there are no comments, and a line
    without a name, without a value or without ``=`` is passed over. Values are strings.
    """
    matches = (_PAIR.match(_chomped(line)) for line in text.split("\n"))
    return list({match[1]: match[2] for match in matches if match}.items())


def _chomped(line: str) -> str:
    return line.removesuffix("\r")
