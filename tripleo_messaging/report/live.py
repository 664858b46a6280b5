# SPDX-License-Identifier: Apache-2.0
"""The executable ``tripleo-messaging-fact``: prints the fact of the moment.

It runs whenever Facter does, so it imports little, and it always prints a fact and exits with 0: Facter
ignores the status, and would show a warning for each word on standard error.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from tripleo_messaging.errors import MessagingError
from tripleo_messaging.report.installed import HEALTH_FILE, expires, read_installed, read_verdicts
from tripleo_messaging.report.node_fact import failed_fact, node_fact
from tripleo_messaging.report.write import encode

_DATA = Path("/etc/puppet/hieradata")
_USAGE = "usage: tripleo-messaging-fact [--data DIR] [--node NAME] [--health FILE]"


def live_fact(data: Path, health_file: Path, node: Optional[str] = None) -> dict[str, Any]:
    """Make the document of the fact, of an error where it cannot be made; no text of it holds a secret."""
    try:
        return node_fact(read_installed(data), expires, read_verdicts(health_file), node)
    except MessagingError as error:
        return failed_fact(str(error))
    except Exception as error:  # noqa: BLE001  whatever it is, Facter goes on, and its text may quote data
        return failed_fact(
            f"unforeseen {type(error).__name__}; this is a fault of the program, please report it"
        )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Print the fact."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = dict(zip(words[::2], words[1::2]))
    if len(words) % 2 or set(options) - {"--data", "--node", "--health"}:
        document = failed_fact(_USAGE)
    else:
        data, health_file = options.get("--data", _DATA), options.get("--health", HEALTH_FILE)
        document = live_fact(Path(data), Path(health_file), options.get("--node"))
    _write(encode(document))
    return 0


def _write(content: bytes) -> None:
    """Write to standard output, whatever the locale is; where that fails there is nobody to tell.

    There is no buffer between: it would fail again when the program ends, with a traceback.
    """
    # Python has no standard output where it was closed before the start.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        output = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        while content:
            # It says nothing of a pipe that is full, and does not wait.
            content = content[output.write(content) or len(content) :]


if __name__ == "__main__":
    main()
