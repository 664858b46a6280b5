# SPDX-License-Identifier: Apache-2.0
"""``url show``."""

from __future__ import annotations

import argparse
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.inputs import Inputs, check_input_secrets, read_inputs
from tripleo_messaging.cli.options import InputOptions, add_input_options, read_input_options
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.errors import MessagingError
from tripleo_messaging.hieradata.view import view_service
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import SERVICES, ServiceName
from tripleo_messaging.model.secret import MASK, Secret, Secrets
from tripleo_messaging.model.topology import Service, Topology


@attrs.frozen(kw_only=True)
class UrlOptions:
    """Whose URL to show.

    Attributes:
        inputs: what to read.
        service: ``rpc`` or ``notify``.
        reveal: whether to show the password.
    """

    inputs: InputOptions
    service: ServiceName
    reveal: bool = False


@attrs.frozen(kw_only=True)
class Shown:
    """The URL as text; ``None`` where the findings forbid it."""

    url: Optional[str]
    findings: tuple[Finding, ...]
    status: Status


class NoBackendError(MessagingError):
    """A messaging service has no backend, so it has no URL."""


def transport_url(options: UrlOptions) -> Shown:
    """Return the transport URL of a service; without its password where that is not at hand, nor asked for.

    Raises:
        NoBackendError: the plan gives the service no backend.
        MissingSecretError: what is to be shown is not among the secrets.
        UsageError, UnreadableFileError: as `read_inputs`.
    """
    inputs = read_inputs(options.inputs)
    findings = (*inputs.findings, *check_input_secrets(inputs, all_needed=False))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE or inputs.topology is None:
        return Shown(url=None, findings=findings, status=status)
    return Shown(url=_url(inputs, inputs.topology, options), findings=findings, status=status)


def _url(inputs: Inputs, topology: Topology, options: UrlOptions) -> str:
    service = topology.services.get(options.service)
    if service is None:
        raise NoBackendError(f"$.{options.service}: has no backend, and so no URL; give it one in the plan")
    secrets = inputs.secrets if options.reveal else _with_masks(inputs.secrets, service)
    return view_service(topology, service, secrets).url.format(reveal=options.reveal)


def _with_masks(secrets: Secrets, service: Service) -> Secrets:
    return Secrets({service.secret: Secret(MASK), **secrets})


class UrlShow(MessagingCommand):
    """Show a transport URL."""

    _description = (
        "Show the transport URL of a messaging service, as the services of OpenStack are to have it"
    )
    _epilog: Any = """\
The password is masked unless --reveal is given.

Examples::

    tripleo-messaging url show rpc --plan plan.yaml -i inventory.yaml
    tripleo-messaging url show notify --plan plan.yaml -i inventory.yaml \\
        --secrets passwords.yaml --reveal
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service", choices=SERVICES, help="the messaging service")
        add_input_options(parser)
        parser.add_argument("--reveal", action="store_true", help="show the password")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show the URL on stdout, the findings on stderr."""
        inputs = read_input_options(parsed_args)
        options = UrlOptions(inputs=inputs, service=parsed_args.service, reveal=parsed_args.reveal)
        shown = transport_url(options)
        log_findings(shown.findings)
        if shown.url is not None:
            self.app.stdout.write(f"{shown.url}\n")
        return shown.status
