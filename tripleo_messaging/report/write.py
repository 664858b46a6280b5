# SPDX-License-Identifier: Apache-2.0
"""The files of the fact for a directory of external facts.

Of files in one directory Facter takes a fact from the one whose name comes last, so the JSON file would hide
the executable: only one of them may be there. Source: Facter 4, external facts.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from tripleo_messaging.report.installed import HEALTH_FILE, expires, read_installed, read_verdicts
from tripleo_messaging.report.node_fact import node_fact

#: The file of the fact as it was at the time of the installation, mode 0644.
STATIC_NAME = "tripleo_messaging.json"

#: The executable file of the fact of the moment, mode 0755.
LIVE_NAME = "tripleo_messaging"
LIVE_MODE = 0o755

_SURROGATES = re.compile(r"\\\\|(?P<pair>\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\ud[89a-f][0-9a-f]{2}")

#: The program that the executable file hands over to.
PROGRAM = "tripleo-messaging-fact"


def render_fact(target: Path, node: Optional[str] = None, health_file: Path = HEALTH_FILE) -> bytes:
    """Return the content of `STATIC_NAME` for what is installed in a data directory.

    Args:
        target: the data directory, e.g. ``/etc/puppet/hieradata``.
        node: inventory name of the node, for one of clients, whose data do not say it.
        health_file: of the last verdicts.

    Raises:
        UnreadableFileError: as `tripleo_messaging.report.installed.read_installed`.
    """
    return render_fact_of(read_installed(target), node, health_file)


def render_fact_of(
    keys: Mapping[str, Any], node: Optional[str] = None, health_file: Path = HEALTH_FILE
) -> bytes:
    """Return the content of `STATIC_NAME` for a node's keys, merged, wherever they come from."""
    return encode(node_fact(keys, expires, read_verdicts(health_file), node))


def encode(document: Mapping[str, Any]) -> bytes:
    """Write a fact: JSON that is YAML, too, as which Facter reads what a program prints."""
    return f"{_SURROGATES.sub(_as_yaml, json.dumps(document, indent=2))}\n".encode()


def _as_yaml(escape: re.Match[str]) -> str:
    """Write a character itself that JSON escapes in two halves: YAML takes none of them."""
    text = escape.group()
    if text == "\\\\":
        return text
    return json.loads(f'"{text}"') if escape["pair"] else "\N{REPLACEMENT CHARACTER}"


def render_live(program: str, target: Path, node: Optional[str] = None) -> bytes:
    """Return the content of `LIVE_NAME`.

    Args:
        program: path of `PROGRAM`; Facter may run with another PATH than who installs.
        target: the data directory that it reads.
        node: as of `render_fact`.
    """
    words = [program, "--data", str(target), *(("--node", node) if node else ())]
    return f"#!/bin/sh\nexec {shlex.join(words)}\n".encode()
