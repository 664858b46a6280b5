# SPDX-License-Identifier: Apache-2.0
"""``plan show``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any, Optional

import attrs
import yaml

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.inputs import read_inputs, read_plan_alone
from tripleo_messaging.cli.options import InputOptions, add_input_options, read_input_options
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.plan.backend_rules import OWN_WHEN_SHARED
from tripleo_messaging.plan.defaults import with_defaults
from tripleo_messaging.plan.mapping import plan_to_mapping


@attrs.frozen(kw_only=True)
class Shown:
    """The effective plan as a mapping; ``None`` where the findings forbid it."""

    plan: Optional[Mapping[str, Any]]
    findings: tuple[Finding, ...]
    status: Status


def effective_plan(options: InputOptions) -> Shown:
    """Read a plan and fill in its defaults.

    The hosts are looked at only where an inventory is given: a plan means the same without.

    Raises:
        UsageError, UnreadableFileError: as `read_inputs`.
    """
    inputs = read_inputs(options) if options.inventory else read_plan_alone(options)
    status = status_of(inputs.findings, strict=options.strict)
    # A plan with errors is not shown: its values may be anything, a secret at a wrong place included.
    plan = inputs.plan if status is Status.FINE else None
    shown = _shown(plan_to_mapping(with_defaults(plan))) if plan else None
    return Shown(plan=shown, findings=inputs.findings, status=status)


def _shown(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**plan, "notify": _own(plan["notify"], plan["rpc"])}


def _own(notify: Mapping[str, Any], rpc: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out what a shared service takes from RPC: it must not stand twice in a plan."""
    if "share" not in notify:
        return notify
    own = {key: value for key, value in notify.items() if key in OWN_WHEN_SHARED}
    return {
        key: value for key, value in own.items() if key not in _SHARED_UNLESS_OWN or value != rpc.get(key)
    }


_SHARED_UNLESS_OWN = ("user_name", "virtual_host", "queue_profile")


def _as_yaml(plan: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(plan), sort_keys=False, allow_unicode=True))


def _as_json(plan: Mapping[str, Any]) -> str:
    return json.dumps(plan, indent=2) + "\n"


_FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"yaml": _as_yaml, "json": _as_json}


class PlanShow(MessagingCommand):
    """Show the effective plan."""

    _description = "Show the effective plan: what is written and, where nothing is written, the defaults"
    _epilog: Any = """\
What is shown can be kept as a plan file, which is how a plan out of Heat
environment files becomes one. It holds no secrets.

Examples::

    tripleo-messaging plan show
    tripleo-messaging plan show -e messaging.yaml -e site.yaml > plan.yaml
    tripleo-messaging plan show --plan plan.yaml -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_input_options(parser)
        parser.add_argument(
            "-f",
            "--format",
            choices=sorted(_FORMATS),
            default="yaml",
            help="the output format, defaults to yaml",
        )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show the plan on stdout, the findings on stderr."""
        shown = effective_plan(read_input_options(parsed_args))
        log_findings(shown.findings)
        if shown.plan is not None:
            self.app.stdout.write(_FORMATS[parsed_args.format](shown.plan))
        return shown.status
