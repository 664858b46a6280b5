# SPDX-License-Identifier: Apache-2.0
"""Facts as JSON, as Ruby's parser reads it.

Python's reads the same but for comments and needless backslashes, which Ruby's takes, and for NaN and
Infinity, which it refuses. Source: Ruby json 2.6.1, ``ext/json/ext/parser/parser.rl``.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from tripleo_messaging.facts.key_values import decode
from tripleo_messaging.facts.outcome import SpoiledError

#: How deep Ruby's parser goes.
MAX_DEPTH = 100

_PIECE = re.compile(
    r"""
    (?P<string> " (?: [^"\\] | \\. )* " )
    | (?P<comment> /\* .*? \*/ | //[^\n]*\n )
    """,
    re.DOTALL | re.VERBOSE,
)
_NEEDLESS = re.compile(r'\\(?:(["\\/bfnrtu])|([^\x00-\x1f]))', re.DOTALL)


def read_json(content: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        SpoiledError: it is none, is too deep, or holds bytes outside of UTF-8 where no string is.
    """
    text = content.decode(errors="surrogateescape")
    try:
        value = _loads(text)
    except (ValueError, RecursionError):
        value = _loads_leniently(text, content)
    if _is_deeper(value, MAX_DEPTH):
        raise SpoiledError("bad-json", f"nested more than {MAX_DEPTH} deep")
    return value


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_refused)


def _refused(constant: str) -> NoReturn:
    raise ValueError(constant)


def _loads_leniently(text: str, content: bytes) -> Any:
    try:
        return _loads(_PIECE.sub(_plain, text))
    except json.JSONDecodeError as error:
        decode(content)
        # What stands behind a colon is quoted from the text.
        what = error.msg.lower().partition(": ")[0]
        raise SpoiledError("bad-json", f"not JSON: {what}", line=error.lineno) from None
    except (ValueError, RecursionError):
        message = "not JSON: NaN, Infinity, a number of thousands of digits, or nested too deep"
        raise SpoiledError("bad-json", message) from None


def _plain(piece: re.Match[str]) -> str:
    if piece["string"] is None:
        # As many lines as before, for the line of an error.
        return " " + "\n" * piece["comment"].count("\n")
    return _NEEDLESS.sub(lambda match: match[0] if match[1] else match[2], piece["string"])


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    if levels == 0:
        return True
    children = value.values() if isinstance(value, dict) else value
    return any(_is_deeper(child, levels - 1) for child in children if isinstance(child, (dict, list)))
