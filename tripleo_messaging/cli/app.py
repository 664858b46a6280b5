# SPDX-License-Identifier: Apache-2.0
"""The application: options before the command, the table of commands, and logs."""

from __future__ import annotations

import argparse
import logging
import sys
from importlib.metadata import EntryPoint, version
from typing import Any, NoReturn, Optional

from cliff.app import App
from cliff.commandmanager import CommandManager
from cliff.help import HelpAction, HelpExit

from tripleo_messaging.cli.statuses import Status

NAME = "tripleo-messaging"

# What -v makes of cliff's verbosity: records of the level DEBUG are shown.
_DEBUG = 2

_DESCRIPTION = """\
Separate RPC and Notification messaging for OpenStack: checks a messaging plan,
renders it to hieradata, and puts a node's part where its Puppet reads it."""

#: Where each command is; a module is imported when its command is the one that runs.
COMMANDS = {
    "plan validate": "tripleo_messaging.cli.plan_validate:PlanValidate",
    "plan show": "tripleo_messaging.cli.plan_show:PlanShow",
    "hieradata render": "tripleo_messaging.cli.hieradata_render:HieradataRender",
    "hieradata install": "tripleo_messaging.cli.hieradata_install:HieradataInstall",
    "hieradata uninstall": "tripleo_messaging.cli.hieradata_uninstall:HieradataUninstall",
    "hieradata seal": "tripleo_messaging.cli.hieradata_seal:HieradataSeal",
    "lookup": "tripleo_messaging.cli.lookup:Lookup",
    "passwords generate": "tripleo_messaging.cli.passwords_generate:PasswordsGenerate",
    "passwords show": "tripleo_messaging.cli.passwords_show:PasswordsShow",
    "passwords import": "tripleo_messaging.cli.passwords_import:PasswordsImport",
    "passwords export": "tripleo_messaging.cli.passwords_export:PasswordsExport",
    "passwords check": "tripleo_messaging.cli.passwords_check:PasswordsCheck",
    "passwords due": "tripleo_messaging.cli.passwords_due:PasswordsDue",
    "passwords audit": "tripleo_messaging.cli.passwords_audit:PasswordsAudit",
    "passwords rekey": "tripleo_messaging.cli.passwords_rekey:PasswordsRekey",
    "passwords rotate begin": "tripleo_messaging.cli.rotate_begin:RotateBegin",
    "passwords rotate status": "tripleo_messaging.cli.rotate_status:RotateStatus",
    "passwords rotate switch": "tripleo_messaging.cli.rotate_switch:RotateSwitch",
    "passwords rotate finish": "tripleo_messaging.cli.rotate_finish:RotateFinish",
    "passwords rotate rollback": "tripleo_messaging.cli.rotate_rollback:RotateRollback",
    "passwords cookie rotate": "tripleo_messaging.cli.cookie_rotate:CookieRotate",
    "tls create": "tripleo_messaging.cli.tls_create:TlsCreate",
    "tls check": "tripleo_messaging.cli.tls_check:TlsCheck",
    "eyaml create-keys": "tripleo_messaging.cli.eyaml_create_keys:EyamlCreateKeys",
    "eyaml encrypt": "tripleo_messaging.cli.eyaml_encrypt:EyamlEncrypt",
    "eyaml decrypt": "tripleo_messaging.cli.eyaml_decrypt:EyamlDecrypt",
    "eyaml recrypt": "tripleo_messaging.cli.eyaml_recrypt:EyamlRecrypt",
    "eyaml export": "tripleo_messaging.cli.eyaml_export:EyamlExport",
    "facts show": "tripleo_messaging.cli.facts_show:FactsShow",
    "facts lint": "tripleo_messaging.cli.facts_lint:FactsLint",
    "url show": "tripleo_messaging.cli.url_show:UrlShow",
}


class Commands(CommandManager):
    """The commands of `COMMANDS`; installed packages are not searched for more, which takes its time."""

    def __init__(self, namespace: Optional[str] = None, convert_underscores: bool = True) -> None:
        super().__init__(None, convert_underscores)
        for name, place in COMMANDS.items():
            self.commands[name] = EntryPoint(name=name, value=place, group=namespace or "")


class MessagingApp(App):
    """The command line ``tripleo-messaging``."""

    NAME = NAME
    LOG = logging.getLogger("tripleo_messaging.cli")

    def __init__(self) -> None:
        self._root = logging.getLogger()
        self._handlers_before = tuple(self._root.handlers)
        self._level_before = self._root.level
        super().__init__(
            description=_DESCRIPTION,
            version=version(NAME),
            command_manager=Commands(),
            # Else cliff takes the --help of a command for its own.
            deferred_help=True,
        )

    def build_option_parser(
        self,
        description: Optional[str],
        version: Optional[str],
        argparse_kwargs: Optional[dict[str, Any]] = None,
    ) -> argparse.ArgumentParser:
        """Return cliff's parser under our name: cliff writes the name of the started file."""
        options = {"prog": NAME, "allow_abbrev": False, **(argparse_kwargs or {})}
        parser: argparse.ArgumentParser = super().build_option_parser(description, version, options)
        for action in parser._actions:  # noqa: SLF001  argparse has no other way to change an action
            if "--version" in action.option_strings:
                action.version = f"{NAME} {version}"  # type: ignore[attr-defined]
        return parser

    def configure_logging(self) -> None:
        """Send log records to stderr and to ``--log-file``; none of them holds a secret."""
        if self.options.debug:
            self.options.verbose_level = max(self.options.verbose_level, _DEBUG)
        try:
            super().configure_logging()
        except OSError as error:
            self._end(
                f"error: --log-file: {error.filename}: {(error.strerror or '').lower()}",
                Status.COULD_NOT_LOOK,
            )

    def close_logs(self) -> None:
        """Take back what `configure_logging` did, so that one process may run several commands."""
        for handler in tuple(self._root.handlers):
            if handler not in self._handlers_before:
                self._root.removeHandler(handler)
                handler.close()
        self._root.setLevel(self._level_before)

    def initialize_app(self, argv: list[str]) -> None:
        """Give help in place of cliff's interactive shell, and let ``--help`` stand behind other options.

        Args:
            argv: the arguments after the options of the application; cliff runs what is left in it.
        """
        if not argv and not self.options.deferred_help:
            self.stdout = self.stderr
            self._show_help()
            self._end("\nerror: no command is given", Status.WRONG_USAGE)
        if argv[:1] == ["help"]:
            options = (number for number, word in enumerate(argv) if word.startswith("-"))
            first = next(options, len(argv))
            # `help --help` asks for help's own; behind a command's name other options say nothing.
            del argv[first if first > 1 else len(argv) :]

    def run_subcommand(self, argv: list[str]) -> int:
        """Run a command; cliff itself ends wrong usage and broken pipes otherwise from version to version.

        Raises:
            SystemExit: the arguments are wrong, or help was given.
        """
        try:
            factory, name, arguments = self.command_manager.find_command(argv)
        except ValueError:
            # It names commands that are near.
            return int(super().run_subcommand(argv))
        command = factory(self, self.options, cmd_name=name)
        parsed_args = command.get_parser(f"{NAME} {name}").parse_args(arguments)
        try:
            return int(command.run(parsed_args))
        except ValueError:
            # Ours let none through: this is cliff's help on a command that there is not.
            return int(super().run_subcommand(parsed_args.cmd))

    def _show_help(self) -> None:
        try:
            HelpAction([], argparse.SUPPRESS, default=self)(self.parser, self.options, None, None)
        except HelpExit:
            return

    def _end(self, message: str, status: Status) -> NoReturn:
        self.stderr.write(f"{message}\n")
        sys.exit(status)


def program() -> str:
    """Return how this program was called, for the commands that it tells to run next."""
    called = sys.argv[0]
    is_ours = called.endswith(f"/{NAME}") and not called.startswith("/")
    return called if is_ours else NAME
