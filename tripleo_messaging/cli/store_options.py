# SPDX-License-Identifier: Apache-2.0
"""The options that name a store of secrets, and who uses it when."""

from __future__ import annotations

import argparse
import getpass
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from tripleo_messaging.errors import UsageError

if TYPE_CHECKING:
    from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore

KEY_FILE_VARIABLE = "TRIPLEO_MESSAGING_KEY_FILE"
_DEFAULT_KEY_FILE = "~/.config/tripleo-messaging/store.key"


def add_key_file_option(parser: argparse._ActionsContainer) -> None:
    """Add the option ``--key-file``."""
    parser.add_argument(
        "--key-file",
        metavar="FILE",
        type=Path,
        help=f"key of the store; ${KEY_FILE_VARIABLE} or {_DEFAULT_KEY_FILE} otherwise",
    )


def add_store_options(parser: argparse._ActionsContainer, *, required: bool = True) -> None:
    """Add ``--store`` and ``--key-file``."""
    parser.add_argument(
        "--store", metavar="FILE", type=Path, required=required, help="encrypted store of the secrets"
    )
    add_key_file_option(parser)


def open_store(store: Path, key_file: Optional[Path], beside: Optional[Path] = None) -> EncryptedFileStore:
    """Return the store in a file; neither it nor its key need be there yet.

    Args:
        store: the file.
        key_file: as it was given; ``None`` is the environment's or the default one.
        beside: directory of hieradata that is written, too.

    Raises:
        UsageError: the store is in that directory, which holds nothing else than is rendered.
    """
    if beside is not None and beside.absolute() == store.absolute().parent:
        raise UsageError(f"--store: {store} is in the directory of the hieradata; give it one of its own")
    # Here, as most commands are called without.
    from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore

    return EncryptedFileStore(store, key_file or default_key_file())


def default_key_file() -> Path:
    """Return the key file of whoever names none."""
    return Path(os.environ.get(KEY_FILE_VARIABLE) or _DEFAULT_KEY_FILE).expanduser()


def actor() -> str:
    """Return who runs the command, for the audit: the user, and whom sudo was called by."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    caller = os.environ.get("SUDO_USER")
    return f"{user} (sudo by {caller})" if caller and caller != user else user


def now() -> datetime:
    """Return the time, in UTC and whole seconds."""
    return datetime.now(timezone.utc).replace(microsecond=0)
