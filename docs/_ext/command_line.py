# SPDX-License-Identifier: Apache-2.0
"""cliff's directive for the commands of our own table, which it would look for among entry points."""

from __future__ import annotations

from typing import Any

from cliff.command import Command
from cliff.sphinxext import AutoprogramCliffDirective
from cliff.sphinxext import setup as setup_cliff
from sphinx.application import Sphinx

from tripleo_messaging.cli.app import COMMANDS, Commands


class OurCommands(AutoprogramCliffDirective):
    """Every command, from its own parser."""

    def _load_commands(self) -> dict[str, type[Command]]:
        manager = Commands()
        return {name: manager.find_command(name.split())[0] for name in COMMANDS}


def setup(app: Sphinx) -> dict[str, Any]:
    """Add cliff's directives and ours."""
    setup_cliff(app)
    app.add_directive("our-commands", OurCommands)
    return {"parallel_read_safe": True}
