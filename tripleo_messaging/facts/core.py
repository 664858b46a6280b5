# SPDX-License-Identifier: Apache-2.0
"""Core facts: asked of Facter itself, or made of what Ansible has gathered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Union

from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.facts.ansible import structured_facts
from tripleo_messaging.files import read_bounded

#: What prints the core facts; ours are the external ones.
FACTER = ("facter", "--json", "--no-external-facts")

#: How long it may take; half a second is usual, and custom facts of Puppet modules take longer.
TIMEOUT_S = 60.0

MAX_CACHE_BYTES = 16 * 1024 * 1024


def facter_facts(
    environ: Mapping[str, str], *, words: Sequence[str] = FACTER, timeout_s: float = TIMEOUT_S
) -> dict[str, Any]:
    """Run Facter and return its core facts, without external ones.

    Args:
        environ: its environment.
        words: the command; its output is one JSON object. Its exit status does not matter, as
            Facter's is 1 for one core fact that failed.
        timeout_s: how long it may take.

    Raises:
        UnreadableFileError: it cannot be run, takes too long, or prints no facts.
    """
    from tripleo_messaging.facts.execute import run  # subprocess takes its time to import

    try:
        ended = run(words, environ, timeout_s)
    except OSError as error:
        reason = (error.strerror or "cannot be run").lower()
        raise UnreadableFileError(words[0], f"{reason}; install Facter, or name an Ansible cache") from error
    if ended.is_late:
        raise UnreadableFileError(words[0], f"had not ended after {timeout_s:g} seconds")
    return facts_of(ended.output, words[0])


def facts_of(output: bytes, origin: str) -> dict[str, Any]:
    """Return the facts of what ``facter --json`` printed.

    Raises:
        UnreadableFileError: it is no JSON object; `origin` says whose it is.
    """
    try:
        facts = json.loads(output)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise UnreadableFileError(origin, "printed no JSON object of facts; run it by hand to see why")
    return facts


def ansible_facts(path: Union[str, os.PathLike[str]]) -> dict[str, Any]:
    """Return core facts in Facter's structure from a file of Ansible's fact cache.

    Args:
        path: a file of the ``jsonfile`` cache, or what the ``setup`` module returned.

    Raises:
        UnreadableFileError: it cannot be read, or is no JSON object with Ansible's facts.
    """
    content = read_bounded(path, MAX_CACHE_BYTES)
    try:
        gathered = json.loads(content)
    except (ValueError, RecursionError):
        gathered = None
    facts = structured_facts(gathered) if isinstance(gathered, dict) else {}
    if not facts:
        reason = "no facts of Ansible in it; expected the JSON of the setup module or of a jsonfile cache"
        raise UnreadableFileError(os.fspath(path), reason)
    return facts


def merge(core: Mapping[str, Any], external: Mapping[str, Any]) -> dict[str, Any]:
    """Return core facts with external ones in the place of those of the same name, whole.

    An external fact ``os`` replaces all of ``os``.
    """
    return {**core, **external}
