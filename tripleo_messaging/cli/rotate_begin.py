# SPDX-License-Identifier: Apache-2.0
"""``passwords rotate begin``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Optional

from tripleo_messaging.cli.rotate_command import RotateCommand
from tripleo_messaging.cli.rotate_options import (
    add_report_options,
    add_rotate_options,
    read_new_secret,
    read_rotate_options,
)
from tripleo_messaging.cli.rotate_work import Outcome, Work, clusters_of, probes_of, run_step
from tripleo_messaging.cli.store_options import now
from tripleo_messaging.errors import InvalidTransportUrlError, RotationError, UsageError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.transport_url import TransportUrl
from tripleo_messaging.passwords.specs import PASSWORD_SPECS, generate
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name
from tripleo_messaging.rotation.accounts import Principal, taken_numbers
from tripleo_messaging.rotation.steps import begin

_ACTION = "passwords rotate begin"


def begin_work(work: Work) -> Content:
    """Add a second account beside each of the chosen ones, and what is needed to see who uses which.

    Raises:
        UsageError: a secret was supplied, or was not, against who runs the brokers.
        RotationError: clients are on a new account already, there is nothing to rotate, or another secret
            was supplied before.
    """
    content = _with_monitors(work)
    for principal in work.principals:
        _refuse_another(work, principal)
        new = _new_secret(work, principal)
        user_name, is_taken = _user_name(work, principal), taken_numbers(work.topology, principal)
        content = begin(content, principal.login, new, now(), user_name, is_taken=is_taken)
    return content


def _user_name(work: Work, principal: Principal) -> Optional[str]:
    """Return the user of the second account where others chose it: what was given, else the one of now."""
    rotation = work.rotation(principal)
    if principal.cluster is not None:
        return None
    return work.options.new_user or (rotation.active.user_name if rotation else None)


def _refuse_another(work: Work, principal: Principal) -> None:
    """Refuse what a repeated step would ignore, and a store that lacks what is to be replaced."""
    name, options, rotation = principal.login.secret, work.options, work.rotation(principal)
    if name not in work.content.secrets:
        raise RotationError(
            f"{name}: is not in the store; 'passwords generate' or 'passwords import' puts it there"
        )
    if options.new_secret is None or rotation is None or rotation.phase != "begun" or rotation.other is None:
        return
    kept = work.content.secrets[other_name(name)].secret
    if (kept, rotation.other.user_name) != (options.new_secret, _user_name(work, principal)):
        raise RotationError(
            f"{name}: was begun with another secret or user; take that back by 'passwords rotate rollback' "
            "and 'passwords rotate finish --force', and begin again"
        )


def _with_monitors(work: Work) -> Content:
    probes = (probes_of(cluster) for cluster in clusters_of(work))
    names = {each.monitor_secret for each in probes if each} - set(work.content.secrets)
    made = {
        name: StoredSecret(secret=generate(PASSWORD_SPECS[name]), changed=now(), source="generated")
        for name in sorted(names)
    }
    return work.content.with_secrets(made)


def _new_secret(work: Work, principal: Principal) -> StoredSecret:
    name, supplied = principal.login.secret, work.options.new_secret
    is_ours = principal.cluster is not None
    if is_ours and (supplied or work.options.new_user):
        raise UsageError(
            f"{name}: is the password of our own brokers and is made here; leave out --new-secret"
        )
    if is_ours:
        return StoredSecret(secret=generate(PASSWORD_SPECS[name]), changed=now(), source="generated")
    rotation = work.rotation(principal)
    if rotation is not None and rotation.phase == "begun" and supplied is None:
        return work.content.secrets[other_name(name)]
    if supplied is None:
        raise UsageError(
            f"{name}: its brokers are run by others; have them add an account, and give its password by "
            "--new-secret FILE, its user by --new-user; leave it out of this rotation by --service or --name"
        )
    if len(work.principals) > 1:
        raise UsageError(
            "--new-secret: is one secret, and several accounts were chosen; add --service or --name"
        )
    if work.topology.services[principal.services[0]].url_secret is not None:
        if work.options.new_user:
            raise UsageError(f"--new-user: {name} is a whole URL, which names its user itself")
        _refuse_bad_url(supplied)
    return StoredSecret(secret=supplied, changed=now(), source="supplied")


def _refuse_bad_url(supplied: Secret) -> None:
    try:
        TransportUrl.parse(supplied.reveal())
    except InvalidTransportUrlError as error:
        raise UsageError(f"--new-secret: is no transport URL: {error.reason}") from None


class RotateBegin(RotateCommand):
    """Begin to rotate an account."""

    _description = "Begin to replace accounts of clients: the brokers get a second one beside each"
    _epilog: Any = """\
Clients stay with the account that they have. Where others run the brokers, they
add the second account, and its password, or the whole new URL, is given here.

Examples::

    tripleo-messaging passwords rotate begin --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata
    tripleo-messaging passwords rotate begin --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata --service notify \\
        --new-secret new-password.txt --new-user nova2
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_rotate_options(parser)
        add_report_options(parser)
        parser.add_argument(
            "--new-secret",
            metavar="FILE",
            type=Path,
            help="password, or whole URL, of the second account on brokers of others; - is standard input",
        )
        parser.add_argument(
            "--new-user", metavar="NAME", help="user name of that account, where it is not that of now"
        )
        return parser

    def outcome(self, parsed_args: argparse.Namespace) -> Outcome:
        """Begin."""
        secret = read_new_secret(parsed_args.new_secret)
        if parsed_args.new_user and secret is None:
            raise UsageError("--new-user needs --new-secret")
        options = read_rotate_options(parsed_args, new_secret=secret, new_user=parsed_args.new_user)
        return run_step(options, _ACTION, begin_work)
