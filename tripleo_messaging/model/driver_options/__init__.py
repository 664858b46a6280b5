# SPDX-License-Identifier: Apache-2.0
"""The options of oslo.messaging's drivers by version, and what is wrong with a set of them."""

from tripleo_messaging.model.driver_options.check import SEVERITIES, OptionProblem, check_options
from tripleo_messaging.model.driver_options.spec import (
    OptionKind,
    OptionSpec,
    OptionValue,
    coerce_option,
    expected,
)
from tripleo_messaging.model.driver_options.tables import driver_options

__all__ = [
    "SEVERITIES",
    "OptionKind",
    "OptionProblem",
    "OptionSpec",
    "OptionValue",
    "check_options",
    "coerce_option",
    "driver_options",
    "expected",
]
