# SPDX-License-Identifier: Apache-2.0
"""Secret values as a YAML file for ``eyaml_lookup_key``: each text a token, all else as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tripleo_messaging.sealing.eyaml_tokens import encrypt
from tripleo_messaging.sealing.keys import Recipient

# Written as they are: Psych, Ruby's reader, takes some other words for numbers, symbols or dates.
_BARE = re.compile(r"[A-Za-z_]\w*(?:::\w+)*|ENC\[\w+,[A-Za-z0-9+/=]+\]", re.ASCII)

_NO_WRAPPING = 2**31


class _Dumper(yaml.SafeDumper):
    """PyYAML's, without anchors, which an editor of eyaml files would not expect, and with more quotes."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is PyYAML's
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if _BARE.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


def encrypted_yaml(secrets: Mapping[str, Any], plain: Mapping[str, Any], recipient: Recipient) -> bytes:
    """Write a YAML file whose lookups through ``eyaml_lookup_key`` find these values.

    Args:
        secrets: values of JSON's types by hieradata key, escaped as in any other level: eyaml's readers
            interpolate what they decrypted. Every text in them, an empty one as well, becomes a token;
            numbers, booleans and the keys of mappings stay plain.
        plain: keys that hold no secret, such as ``lookup_options``.
        recipient: whom the tokens are for.
    """

    def token(text: str) -> str:
        return encrypt(guarded(text).encode("utf-8"), recipient).decode("ascii")

    data = {**{name: _mapped(value, token) for name, value in secrets.items()}, **plain}
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=_NO_WRAPPING)
    return text.encode("ascii")


def guarded(text: str) -> str:
    """Return what must be encrypted so that Hiera finds a text with the line end that it may end with.

    Hiera 3 and 5 take one off what they decrypt, and interpolate afterwards: an empty interpolation
    keeps the line end before it, and is gone then.
    Source: puppet 7 ``functions/eyaml_lookup_key.rb``; hiera-eyaml 3.3 ``eyaml_backend.rb``.
    """
    return f"{text}%{{}}" if text.endswith(("\n", "\r")) else text


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(item, change) for item in value]
    return value
