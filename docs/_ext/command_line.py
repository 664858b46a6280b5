# SPDX-License-Identifier: Apache-2.0
"""The commands of ``tripleo_messaging.cli``, written into the pages from the code's own table."""

from __future__ import annotations

from typing import Any

from cliff.sphinxext import AutoprogramCliffDirective
from sphinx.application import Sphinx

from tripleo_messaging.cli.app import COMMANDS, Commands


class OurCommands(AutoprogramCliffDirective):
    """A directive for every command, or for one that is named: cliff's looks for them in entry points."""

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True

    def _load_app(self) -> None:
        return None

    def _load_commands(self) -> dict[str, Any]:
        names = self.arguments or COMMANDS
        commands = Commands()
        return {name: commands.find_command(name.split())[0] for name in names}


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive; ``cliff.sphinxext`` has its settings."""
    app.setup_extension("cliff.sphinxext")
    app.add_directive("our-commands", OurCommands)
    return {"parallel_read_safe": True}
