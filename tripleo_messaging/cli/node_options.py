# SPDX-License-Identifier: Apache-2.0
"""Options that say where on a node something of ours is."""

from __future__ import annotations

import argparse
from pathlib import Path

from tripleo_messaging.cli.node_files import DEFAULT_TARGET, Places


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--target",
        metavar="DIR",
        type=Path,
        help=f"the data directory; otherwise the one that a hiera.yaml names, or {DEFAULT_TARGET}",
    )
    parser.add_argument(
        "--hiera-config",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a hiera.yaml of version 3, as TripleO's, or 5, of an environment; may be given several times",
    )
    parser.add_argument(
        "--managed-data",
        metavar="FILE",
        type=Path,
        help="a JSON file that a hierarchy reads already, such as ansible_managed.json; then a hiera.yaml is"
        " only read, to say what that hides",
    )
    parser.add_argument("--facts-dir", metavar="DIR", type=Path, help="a directory of external facts")


def places(parsed_args: argparse.Namespace) -> Places:
    """Return what the options say."""
    return Places(
        target=parsed_args.target,
        hiera_configs=tuple(dict.fromkeys(parsed_args.hiera_config)),
        managed_data=parsed_args.managed_data,
        facts_dir=parsed_args.facts_dir,
    )
