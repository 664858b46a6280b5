# SPDX-License-Identifier: Apache-2.0
"""The options of the commands of a rotation."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Optional

from tripleo_messaging import files
from tripleo_messaging.cli.options import add_input_options, read_input_options
from tripleo_messaging.cli.rotate_work import DEFAULT_TIMEOUT_S, RotateOptions
from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.plan import SERVICES
from tripleo_messaging.model.secret import Secret

_MOST_SECRET_BYTES = 4096
_MOST_SECONDS = 3600.0
_CLUSTER_SEPARATOR = "="


def add_rotate_options(parser: argparse.ArgumentParser, *, output_required: bool = True) -> None:
    """Add the options that every command of a rotation has."""
    add_input_options(parser)
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        required=output_required,
        help="directory of the rendered hieradata",
    )
    parser.add_argument("--service", choices=SERVICES, help="the account of this one; of both otherwise")
    parser.add_argument(
        "--name",
        metavar="SECRET",
        action="append",
        default=[],
        dest="names",
        help="the account that logs in with it, e.g. RpcPassword; repeat it for more",
    )


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add where the names of the hosts are written that need an apply."""
    parser.add_argument(
        "--hosts-file",
        metavar="FILE",
        type=Path,
        help="write the hosts that need an apply, one a line, as 'ansible-playbook --limit @FILE' reads them",
    )


def add_force_option(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Add ``--force``."""
    parser.add_argument("--force", action="store_true", help=meaning)


def add_timeout_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--timeout``."""
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_TIMEOUT_S,
        help="how long a broker may take to answer (default: %(default)g)",
    )


def add_management_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--management``."""
    parser.add_argument(
        "--management",
        metavar="[CLUSTER=]URL",
        type=_management,
        action="append",
        default=[],
        help="management API of a cluster, e.g. rpc=http://127.0.0.1:15672; the port on this host otherwise, "
        "which is right on a member",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text[:20]!r} is not a number of seconds (up to {_MOST_SECONDS:g})"
        )
    return value


def _management(text: str) -> tuple[str, str]:
    name, separator, url = text.partition(_CLUSTER_SEPARATOR)
    if not separator or name not in SERVICES:
        name, url = "", text
    if "@" in url or not url.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("expected [rpc=|notify=]http://HOST:PORT, without user and password")
    return name, url


def read_rotate_options(parsed_args: argparse.Namespace, **more: Any) -> RotateOptions:
    """Return what was given for the options of this module.

    Raises:
        UsageError: there is no store.
    """
    inputs = read_input_options(parsed_args)
    if inputs.store is None:
        raise UsageError("--store FILE is needed: it keeps the passwords of a rotation and how far it is")
    given = vars(parsed_args)
    return RotateOptions(
        inputs=inputs,
        store=inputs.store,
        output=parsed_args.output,
        service=parsed_args.service,
        names=tuple(parsed_args.names),
        force=given.get("force", False),
        timeout_s=given.get("timeout", DEFAULT_TIMEOUT_S),
        management=dict(given.get("management", ())),
        **more,
    )


def read_new_secret(source: Optional[Path]) -> Optional[Secret]:
    """Read a secret that the operator supplies, from a file or, as ``-``, from standard input.

    One line break at its end is not part of it.

    Raises:
        UsageError: it is empty, not one line, or no text.
        UnreadableFileError: the file is missing, may not be read, or is larger than a secret can be.
    """
    if source is None:
        return None
    data = (
        sys.stdin.buffer.read(_MOST_SECRET_BYTES + 1)
        if str(source) == "-"
        else files.read_bounded(source, _MOST_SECRET_BYTES)
    )
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    if not text or "\n" in text or len(data) > _MOST_SECRET_BYTES:
        raise UsageError(f"--new-secret: expected one line of up to {_MOST_SECRET_BYTES} bytes in {source}")
    return Secret(text)
