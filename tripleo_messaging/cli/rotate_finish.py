# SPDX-License-Identifier: Apache-2.0
"""``passwords rotate finish``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from typing import Any

from tripleo_messaging.cli.rotate_command import RotateCommand
from tripleo_messaging.cli.rotate_options import (
    add_force_option,
    add_management_option,
    add_report_options,
    add_rotate_options,
    add_timeout_option,
    read_rotate_options,
)
from tripleo_messaging.cli.rotate_work import (
    Outcome,
    Work,
    ask_connections,
    is_rendered,
    render_words,
    run_step,
    under_way,
)
from tripleo_messaging.cli.store_options import now
from tripleo_messaging.cli.words import command_line
from tripleo_messaging.errors import RotationError, UnansweredError
from tripleo_messaging.passwords.store import Content
from tripleo_messaging.rotation.accounts import Principal
from tripleo_messaging.rotation.readiness import stragglers
from tripleo_messaging.rotation.steps import finish

LOG = logging.getLogger("tripleo_messaging.cli")

_ACTION = "passwords rotate finish"


def finish_work(work: Work) -> Content:
    """Retire the accounts that clients no longer have, once nobody is connected as them.

    Raises:
        RotationError: no rotation is under way, or somebody is connected, or nobody can say.
    """
    _refuse_unrendered(work)
    content = work.content
    for principal in under_way(work):
        content = finish(content, principal.login.secret, _former_user(work, principal), now())
    lines = [line for principal in under_way(work) for line in _in_use(work, principal)]
    if lines and not work.options.force:
        raise RotationError(
            "the former account may still be in use; restart what is listed after Puppet has run there, or "
            "give --force, which cuts it off:\n  " + "\n  ".join(lines)
        )
    for line in lines:
        LOG.warning("warning: forced against: %s", line)
    return content


def _refuse_unrendered(work: Work) -> None:
    """Hieradata of an earlier state may give clients, later, just the account that is to go."""
    rotations = (work.rotation(principal) for principal in under_way(work))
    if any(rotation and rotation.is_under_way for rotation in rotations) and not is_rendered(work):
        raise RotationError(
            f"the hieradata in {work.options.output} is not of the store's state, as if interrupted;"
            f" render it, and apply on the clients' hosts:\n  {command_line(*render_words(work.options))}"
        )


def _former_user(work: Work, principal: Principal) -> str:
    """Name the account that is to be deleted; of brokers that others run we delete nothing."""
    rotation = work.rotation(principal)
    if rotation is None or rotation.other is None or principal.cluster is None:
        return ""
    return work.user(principal, rotation.other)


def _in_use(work: Work, principal: Principal) -> Iterator[str]:
    rotation = work.rotation(principal)
    if rotation is None or rotation.other is None:
        return
    cluster = work.cluster(principal)
    if cluster is None:
        services = " and ".join(principal.services)
        yield f"{services}: its brokers are run by others and cannot be asked; ask who runs them"
        return
    try:
        connections = ask_connections(work, cluster)
    except UnansweredError as error:
        yield str(error)
        return
    user = work.user(principal, rotation.other)
    yield from map(str, stragglers(connections, user, work.inputs.host_names))


class RotateFinish(RotateCommand):
    """Remove the account that clients no longer have."""

    _description = (
        "End a rotation: the account that clients no longer have is deleted, and its password forgotten"
    )
    _epilog: Any = """\
It is refused while a connection still uses that account: the management API of
each cluster is asked. That listens on each member alone, so run this on one, or
reach it through a tunnel.

Examples::

    tripleo-messaging passwords rotate finish --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata
    ssh -N -L 15672:127.0.0.1:15672 controller-0 &
    tripleo-messaging passwords rotate finish --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata --management http://127.0.0.1:15672
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_rotate_options(parser)
        add_report_options(parser)
        add_management_option(parser)
        add_timeout_option(parser)
        add_force_option(parser, "finish although somebody is connected, who is cut off, or nobody can say")
        return parser

    def outcome(self, parsed_args: argparse.Namespace) -> Outcome:
        """Finish."""
        return run_step(read_rotate_options(parsed_args), _ACTION, finish_work)
