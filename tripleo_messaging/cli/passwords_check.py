# SPDX-License-Identifier: Apache-2.0
"""``passwords check``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.age_options import MaxAge, add_max_age_option, age_policy
from tripleo_messaging.cli.command import LOG, MessagingCommand
from tripleo_messaging.cli.findings import COLUMNS, finding_row
from tripleo_messaging.cli.statuses import status_of
from tripleo_messaging.cli.store_options import add_key_file_option, now
from tripleo_messaging.cli.store_work import StorePlace, add_format_option, read_existing
from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.finding import Finding, has_errors


@attrs.frozen(kw_only=True)
class CheckOptions:
    """What to check.

    Attributes:
        place: where the store is; ``None`` where `secrets` is given.
        secrets: a file of the shape of TripleO's ``<stack>-passwords.yaml``.
        max_ages: how old secrets may become.
    """

    place: Optional[StorePlace] = None
    secrets: Optional[Path] = None
    max_ages: tuple[MaxAge, ...] = ()


def check(options: CheckOptions, time: datetime) -> tuple[Finding, ...]:
    """Return what is wrong with the secrets of a store or file.

    Raises:
        UsageError: a name is none of ours, or ages are asked of a file, which knows none.
        UnreadableFileError: the store, its key or the file is missing or cannot be used.
    """
    if options.place is not None:
        return _check_store(options, options.place, time)
    if options.max_ages:
        raise UsageError("--max-age: a file knows no ages; import it into a store")
    return _check_file(options.secrets or Path())


def _check_store(options: CheckOptions, place: StorePlace, time: datetime) -> tuple[Finding, ...]:
    from tripleo_messaging.passwords.checks import check_content

    content = read_existing(place.opened()).content
    policy = age_policy(options.max_ages)
    return tuple(check_content(content, policy, time, str(place.store)))


def _check_file(path: Path) -> tuple[Finding, ...]:
    from tripleo_messaging.passwords.checks import check_secrets
    from tripleo_messaging.passwords.stack_file import read_secrets

    secrets, findings = read_secrets(path)
    return (*findings, *(() if has_errors(findings) else check_secrets(secrets, str(path))))


def as_text(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Yield a line for each finding."""
    return map(str, findings)


def as_json(findings: tuple[Finding, ...]) -> str:
    """Return a JSON list with an object for each finding, of the same texts as those of ``plan validate``."""
    return json.dumps([dict(zip(COLUMNS, finding_row(finding))) for finding in findings], indent=2)


class PasswordsCheck(MessagingCommand):
    """Check passwords."""

    _description = "List weak, default, reused, URL-breaking and overdue secrets of a store or file"
    _epilog: Any = """\
No secret is shown. Only a store knows how old its secrets are.

Examples::

    tripleo-messaging passwords check --store secrets.store
    tripleo-messaging passwords check --store secrets.store --max-age 180 --max-age RpcPassword=90
    tripleo-messaging passwords check --secrets overcloud-passwords.yaml --strict -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        either = parser.add_mutually_exclusive_group(required=True)
        either.add_argument("--store", metavar="FILE", type=Path, help="encrypted store of the secrets")
        either.add_argument("--secrets", metavar="FILE", type=Path, help="<stack>-passwords.yaml")
        add_key_file_option(parser)
        add_max_age_option(parser)
        parser.add_argument("--strict", action="store_true", help="let warnings be errors")
        add_format_option(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """List the findings on stdout."""
        place = parsed_args.store and StorePlace(store=parsed_args.store, key_file=parsed_args.key_file)
        options = CheckOptions(place=place, secrets=parsed_args.secrets, max_ages=tuple(parsed_args.max_ages))
        findings = check(options, now())
        if not findings:
            LOG.info("nothing found: every secret is as it should be")
        lines = [as_json(findings)] if parsed_args.format == "json" else as_text(findings)
        for line in lines:
            self.app.stdout.write(f"{line}\n")
        return status_of(findings, strict=parsed_args.strict)
