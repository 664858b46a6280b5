# SPDX-License-Identifier: Apache-2.0
"""Facts that a program prints: YAML, JSON among it, or else lines ``name=value``.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/parser.rb``, ``ScriptParser`` and
``parse_executable_output``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from tripleo_messaging.facts.execute import MAX_OUTPUT_BYTES, Run, run
from tripleo_messaging.facts.key_values import decode, read_pairs
from tripleo_messaging.facts.outcome import Outcome, Pairs, SpoiledError, problem
from tripleo_messaging.model.finding import Finding

# What Ruby's strip takes away.
_SPACE = "\0\t\n\v\f\r "

# A mapping of YAML has one of these in it.
_MAY_BE_MAPPING = frozenset(":{?")

#: What keeps a Facter that the program starts from running it again; Facter 4.11 sets it, too, 4.3 does not.
GUARD = {"INSIDE_FACTER": "true"}


def read_program(path: str, environ: Mapping[str, str], timeout_s: float) -> Outcome:
    """Run a program and return the facts that it prints; its exit status does not matter."""
    try:
        ended = run((path,), {**environ, **GUARD}, timeout_s)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it has no usable name").lower()
        return Outcome(problems=(problem("did-not-run", "note", f"it cannot be run: {reason}", path),))
    problems = list(_problems(ended, path, timeout_s))
    try:
        pairs = _pairs(ended)
    except SpoiledError as error:
        return Outcome(problems=(*problems, error.finding(path)))
    if not pairs and not problems:
        problems.append(problem("no-facts", "note", "it printed no facts", path))
    return Outcome(pairs=pairs, problems=tuple(problems))


def _problems(ended: Run, path: str, timeout_s: float) -> Iterator[Finding]:
    if ended.is_excessive:
        yield problem("too-much-output", "error", f"it printed more than {MAX_OUTPUT_BYTES:,} bytes", path)
    elif ended.is_late:
        message = f"it had not ended after {timeout_s:g} seconds, and was killed"
        yield problem("timed-out", "error", message, path)
    if ended.errors.strip():
        # Not what: `set -x` writes values there.
        count = len(ended.errors.strip().splitlines())
        lines = "a line" if count == 1 else f"{count:,} lines"
        yield problem("wrote-to-stderr", "warning", f"it wrote {lines} to standard error", path)


def _pairs(ended: Run) -> Pairs:
    if not _is_utf_8(ended.errors):
        raise SpoiledError(
            "dropped-output", "standard error is not UTF-8, and Facter drops what it printed", "note"
        )
    try:
        text = ended.output.decode().strip(_SPACE)
    except UnicodeDecodeError:
        raise SpoiledError("not-utf-8", "what it printed is not UTF-8; Facter reads nothing of it") from None
    mapping = _as_yaml(text)
    return read_pairs(text) if mapping is None else list(mapping.items())


def _is_utf_8(content: bytes) -> bool:
    try:
        decode(content)
    except SpoiledError:
        return False
    return True


def _as_yaml(text: str) -> Optional[dict[Any, Any]]:
    if not _MAY_BE_MAPPING.intersection(text):
        return None
    from tripleo_messaging.facts.psych import load  # most programs print lines, and need no YAML

    try:
        value = load(text, is_output=True)
    except SpoiledError:
        return None
    return value if isinstance(value, dict) else None
