# SPDX-License-Identifier: Apache-2.0
"""Facts of a ``.yaml``, ``.json`` or ``.txt`` file.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/directory_loader.rb`` (``load_searched_facts``,
``add_data``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.facts.discover import Kind
from tripleo_messaging.facts.json_text import read_json
from tripleo_messaging.facts.key_values import decode, read_pairs
from tripleo_messaging.facts.outcome import Outcome, Pairs, SpoiledError, problem
from tripleo_messaging.facts.ruby_text import key_of
from tripleo_messaging.facts.yaml_text import read_yaml
from tripleo_messaging.files import read_bounded
from tripleo_messaging.model.finding import Severity

#: How large a file of facts may be.
MAX_FILE_BYTES = 16 * 1024 * 1024

_READERS: dict[Kind, Callable[[bytes], Any]] = {
    "yaml": read_yaml,
    "json": read_json,
    "txt": lambda content: dict(read_pairs(decode(content))),
}

_NOT_A_MAPPING = "{what} instead of a mapping: "
_LISTED = "Facter before 4.11 makes facts without values of its items, 4.11 reads nothing of the file"
_FATAL = "Facter before 4.11 ends with an error and has no facts at all, 4.11 reads nothing of the file"


def read_structured(path: str, kind: Kind) -> Outcome:
    """Return the facts of a file of one of these kinds, and why there are none."""
    try:
        return _outcome(_READERS[kind](read_bounded(path, MAX_FILE_BYTES)), path)
    except UnreadableFileError as error:
        # Of a text that is not there, Facter takes the content to be nothing.
        severity: Severity = "note" if kind == "txt" and not Path(path).exists() else "error"
        return Outcome(problems=(problem("unreadable", severity, error.reason, path),))
    except SpoiledError as error:
        return Outcome(problems=(error.finding(path),))


def _outcome(value: Any, path: str) -> Outcome:
    if isinstance(value, dict) and value:
        return Outcome(pairs=list(value.items()))
    if value is None or value == {}:
        return Outcome(problems=(problem("no-facts", "note", "there are no facts in it", path),))
    if value is False:
        message = "`false` instead of a mapping: Facter warns that it cannot interpret the file"
        return Outcome(problems=(problem("false-document", "warning", message, path),))
    if isinstance(value, list):
        message = _NOT_A_MAPPING.format(what="a list") + _LISTED
        return Outcome(pairs=_of_items(value), problems=(problem("not-a-mapping", "error", message, path),))
    message = _NOT_A_MAPPING.format(what="a single value") + _FATAL
    return Outcome(problems=(problem("not-a-mapping", "error", message, path),))


def _of_items(items: list[Any]) -> Pairs:
    # Ruby's each, given two names, takes the first two items of an array apart.
    pairs = ((*item, None, None)[:2] if isinstance(item, list) else (item, None) for item in items)
    return [(key_of(key), value) for key, value in pairs]
