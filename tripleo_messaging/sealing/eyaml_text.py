# SPDX-License-Identifier: Apache-2.0
"""A whole text with tokens of hiera-eyaml in it: shown in plain, or encrypted for another key.

All that is no token stays as it is, to the byte. The text is not read as YAML: tokens stand in comments,
and in what is no valid YAML, just as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import attrs
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.sealing.eyaml_tokens import TOKEN, UnopenedTokenError, decrypt, encrypt
from tripleo_messaging.sealing.keys import Recipient

BLOCK_COLUMNS = 60
"""How long eyaml makes the lines of a token in block form."""
MOST_TEXT_BYTES = 16 * 1024 * 1024

_BEGINNING = re.compile(rb"ENC\[\w+,")
_BREAK = re.compile(rb"[ \t]*\r?\n[ \t]*")


@attrs.frozen(kw_only=True)
class Rewritten:
    """A text with something else in the place of its tokens.

    Attributes:
        content: the new text; after `decrypt_text` it holds secrets.
        tokens: how many there were.
        findings: warnings, of what looks like a token and is none.
    """

    content: bytes = attrs.field(repr=False)
    tokens: int
    findings: tuple[Finding, ...]


def decrypt_text(content: bytes, key: RSAPrivateKey, file: str) -> Rewritten:
    """Put the payload of each token into its place, as it is: the result need not be YAML any more.

    Args:
        content: the text, in any encoding that has ASCII in it.
        key: the private key.
        file: what the text is named in findings.

    Raises:
        InvalidInputError: a token does not open; a finding for each.
    """
    return _rewritten(content, file, lambda token: decrypt(token, key))


def recrypt_text(content: bytes, key: RSAPrivateKey, recipient: Recipient, file: str) -> Rewritten:
    """Encrypt what each token holds anew; a token keeps to its lines, their length and indentation.

    Args:
        content: the text.
        key: the private key of what is there.
        recipient: whom the new tokens are for.
        file: what the text is named in findings.

    Raises:
        InvalidInputError: a token does not open; a finding for each.
    """
    return _rewritten(content, file, lambda token: _like(token, encrypt(decrypt(token, key), recipient)))


def _rewritten(content: bytes, file: str, change: Callable[[bytes], bytes]) -> Rewritten:
    parts: list[bytes] = []
    errors: list[Finding] = []
    warnings: list[Finding] = []
    end = tokens = 0
    for found in TOKEN.finditer(content):
        between = content[end : found.start()]
        warnings += _unread(content, end, found.start(), file)
        end, tokens = found.end(), tokens + 1
        try:
            parts += (between, change(found.group()))
        except UnopenedTokenError as error:
            errors.append(_unopened(error, Origin(file=file, line=_line(content, found.start()))))
    warnings += _unread(content, end, len(content), file)
    if errors:
        raise InvalidInputError((*errors, *warnings))
    return Rewritten(content=b"".join((*parts, content[end:])), tokens=tokens, findings=tuple(warnings))


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _unopened(error: UnopenedTokenError, origin: Origin) -> Finding:
    return Finding(
        rule="eyaml-token",
        severity="error",
        message=str(error),
        hint="nothing was written; name the private key of this file, or bring the line back from a copy",
        origin=origin,
    )


def _unread(content: bytes, start: int, end: int, file: str) -> Iterator[Finding]:
    for found in _BEGINNING.finditer(content, start, end):
        yield Finding(
            rule="eyaml-no-token",
            severity="warning",
            message="begins like a token and is none: it is left as it is",
            hint="a token has only base64 and whitespace up to its closing bracket",
            origin=Origin(file=file, line=_line(content, found.start())),
        )


def _like(former: bytes, token: bytes) -> bytes:
    """Break a token into lines as another one is."""
    breaks = _BREAK.findall(former)
    if not breaks:
        return token
    columns = max(map(len, _BREAK.split(former)))
    return bytes(breaks[0]).join(_cut(token, columns))


def _cut(token: bytes, columns: int) -> list[bytes]:
    return [token[start : start + columns] for start in range(0, len(token), columns)]


def as_string(token: bytes, label: str = "") -> bytes:
    """Write a token on one line, behind a key of YAML where one is given."""
    return _labelled(label, b" ") + token + b"\n"


def as_block(token: bytes, label: str = "") -> bytes:
    """Write a token in lines of 60 characters, indented by two, below a key of YAML where one is given."""
    lines = (b"  " + line for line in _cut(token, BLOCK_COLUMNS))
    return _labelled(label, b" >\n") + b"\n".join(lines) + b"\n"


def as_examples(token: bytes, label: str = "") -> bytes:
    """Write a token in both ways, to choose one."""
    return as_string(token, label or "string") + b"\nOR\n\n" + as_block(token, label or "block")


def _labelled(label: str, separator: bytes) -> bytes:
    return label.encode("ascii") + b":" + separator if label else b""


#: How a token is written, by the name that eyaml has for it.
FORMS: Mapping[str, Callable[[bytes, str], bytes]] = {
    "string": as_string,
    "block": as_block,
    "examples": as_examples,
}
