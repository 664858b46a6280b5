# SPDX-License-Identifier: Apache-2.0
"""What must hold of a plan by itself: one function a rule, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.plan.account_rules import ACCOUNT_RULES
from tripleo_messaging.plan.backend_rules import BACKEND_RULES
from tripleo_messaging.plan.defaults import with_defaults
from tripleo_messaging.plan.queue_rules import QUEUE_RULES
from tripleo_messaging.plan.setting_rules import SETTING_RULES
from tripleo_messaging.plan.stock_rules import STOCK_RULES
from tripleo_messaging.plan.tls_rules import TLS_RULES

Rule = Callable[[Plan, Plan], Iterable[Finding]]

#: Every rule takes the plan as written and the plan with its defaults.
PLAN_RULES: tuple[Rule, ...] = (
    *BACKEND_RULES,
    *SETTING_RULES,
    *STOCK_RULES,
    *TLS_RULES,
    *QUEUE_RULES,
    *ACCOUNT_RULES,
)


def check_plan(plan: Plan) -> tuple[Finding, ...]:
    """Find every problem that shows without an inventory.

    Args:
        plan: as the operator wrote it; defaults are filled in here.
    """
    filled = with_defaults(plan)
    return tuple(finding for rule in PLAN_RULES for finding in rule(plan, filled))
