# SPDX-License-Identifier: Apache-2.0
"""``eyaml export``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.eyaml_options import add_public_key_option, read_recipient
from tripleo_messaging.cli.nodes import member_meant
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.errors import UnwritableFileError, UsageError
from tripleo_messaging.hieradata.build import LOOKUP_OPTIONS
from tripleo_messaging.hieradata.secret_keys import is_secret_key
from tripleo_messaging.hieradata.text import escaped
from tripleo_messaging.hieradata.tree import is_member, lookup_in, read_levels

LOG = logging.getLogger("tripleo_messaging.cli")

_HEAD = b"# Written by tripleo-messaging eyaml export; a further run replaces the file.\n---\n"
_MOST_BYTES = 64_000_000

Levels = Mapping[str, Mapping[str, Any]]


@attrs.frozen(kw_only=True)
class EyamlExportOptions:
    """What to export.

    Attributes:
        data: the rendered tree.
        public_key: the file of the public key or certificate.
        output: the file that is written.
        node: inventory name of a member of a cluster; ``None`` is a node of clients.
    """

    data: Path
    public_key: Path
    output: Path
    node: Optional[str] = None


@attrs.frozen(kw_only=True)
class EyamlExported:
    """What was done.

    Attributes:
        names: the hieradata keys in the file.
        hint: the member that may have been meant, where the node is none; may be empty.
    """

    names: tuple[str, ...]
    hint: str = ""


def export_tokens(options: EyamlExportOptions) -> EyamlExported:
    """Write the secret hieradata of a node as a YAML file of tokens.

    Raises:
        UsageError: the tree has no secret for the node.
        UnwritableFileError: a file of somebody else has that name, or it cannot be written.
        UnreadableFileError, InvalidInputError: of the tree or the key.
    """
    from tripleo_messaging.sealing.eyaml_yaml import encrypted_yaml

    recipient = read_recipient(options.public_key)
    levels = read_levels(options.data, options.node)
    secrets = {name: lookup_in(levels, name, options.data) for name in _secret_names(levels)}
    if not secrets:
        raise UsageError(
            f"--data: {options.data} holds no secret for this node: name the tree that was rendered"
        )
    _refuse_foreign(options.output)
    plain = {LOOKUP_OPTIONS: _lookup_options(levels, secrets)}
    content = _HEAD + encrypted_yaml(escaped(secrets), escaped(plain), recipient)
    files.write_atomic(options.output, content, files.PUBLIC_MODE)
    node = options.node
    hint = "" if node is None or is_member(levels, node) else member_meant(options.data, node)
    return EyamlExported(names=tuple(secrets), hint=hint)


def _secret_names(levels: Levels) -> tuple[str, ...]:
    names = dict.fromkeys(name for level in levels.values() for name in level if name != LOOKUP_OPTIONS)
    return tuple(sorted(filter(is_secret_key, names)))


def _lookup_options(levels: Levels, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the levels tell Hiera about some keys; the most specific level wins, as with Hiera."""
    stated: dict[str, Any] = {}
    for level in reversed(list(levels.values())):
        stated.update(level.get(LOOKUP_OPTIONS, {}))
    return {name: stated[name] for name in names if name in stated}


def _refuse_foreign(path: Path) -> None:
    former = files.read_if_there(path, _MOST_BYTES)
    if former is not None and not former.startswith(_HEAD):
        raise UnwritableFileError(
            str(path), "was not written by this command, and would be lost; name another file, or remove it"
        )


def report(options: EyamlExportOptions, exported: EyamlExported) -> Iterator[str]:
    """Yield the lines that say what is in the file, and where it goes."""
    yield f"Encrypted in {options.output}"
    yield from (f"  {name}" for name in exported.names)
    yield "To enter into a hiera.yaml of version 5, above the levels that hold these keys in plain"
    yield f"  - name: {options.output.name}"
    yield "    lookup_key: eyaml_lookup_key"
    yield f"    path: {options.output.name}"
    yield "    options: {pkcs7_private_key: FILE, pkcs7_public_key: FILE}"


class EyamlExport(MessagingCommand):
    """Export secrets for eyaml."""

    _description = "Write a node's secret hieradata as a YAML file of tokens, for eyaml_lookup_key"
    _epilog: Any = """\
Lookups give what the rendered tree gives, as Sensitive where it says so. Every
text is a token of its own, also inside a mapping. A file that this command did
not write is not written over.

Examples::

    tripleo-messaging eyaml export --data hieradata --public-key public_key.pkcs7.pem \\
        --output messaging.eyaml
    tripleo-messaging eyaml export --data hieradata --node controller-0 \\
        --public-key public_key.pkcs7.pem --output controller-0.eyaml
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the rendered tree")
        parser.add_argument(
            "--node",
            metavar="NAME",
            help="inventory name of a member of a cluster; a node of clients otherwise",
        )
        add_public_key_option(parser, "public key or certificate that the secrets are encrypted for")
        parser.add_argument("--output", metavar="FILE", type=Path, required=True, help="the file to write")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Write the file, and show what is in it."""
        options = EyamlExportOptions(
            data=parsed_args.data,
            public_key=parsed_args.public_key,
            output=parsed_args.output,
            node=parsed_args.node,
        )
        exported = export_tokens(options)
        if exported.hint:
            LOG.warning("warning: --node: %s is a member of no cluster; %s", options.node, exported.hint)
        for line in report(options, exported):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
