# SPDX-License-Identifier: Apache-2.0
"""What all commands have in common."""

from __future__ import annotations

import argparse
import logging
from typing import Any

from cliff._argparse import SmartHelpFormatter
from cliff.command import Command

from tripleo_messaging.cli.statuses import guarded

LOG = logging.getLogger("tripleo_messaging.cli")


class HelpFormatter(SmartHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Leaves descriptions and examples as they are written, but for reStructuredText's double colon."""

    def add_text(self, text: Any) -> None:
        """Add a description or epilog."""
        super().add_text(text.replace("::\n", ":\n") if isinstance(text, str) else text)


class MessagingCommand(Command):
    """A command: its class has ``_description`` and ``_epilog``, its `act` does the work.

    Both texts are read in a terminal and, as reStructuredText, in the manual.
    """

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Do what the options ask for, show the result, and return the exit status."""
        raise NotImplementedError

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Call `act`."""
        return self.act(parsed_args)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Call `act`, and report what it raises; return the exit status."""
        LOG.debug("running %s", self.cmd_name)
        return guarded(lambda: self.act(parsed_args))

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return cliff's parser for the command, with our way of writing help."""
        parser = super().get_parser(prog_name)
        parser.formatter_class = HelpFormatter
        parser.allow_abbrev = False
        return parser

    def get_epilog(self) -> str:
        """Return the examples; cliff would look through all that is installed for who made the command."""
        return self._epilog or ""

    def _load_hooks(self) -> None:
        # cliff would look through all that is installed for more.
        self._hooks: Any = []
