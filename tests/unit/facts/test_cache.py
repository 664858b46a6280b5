# SPDX-License-Identifier: Apache-2.0
"""Times to live of facts that Facter keeps."""

from __future__ import annotations

from typing import Optional

import pytest

from tests.support.facts import TTLS
from tripleo_messaging.facts import ttl_s


@pytest.mark.parametrize(("text", "expected"), TTLS.items())
def test_units(text: str, expected: Optional[int]) -> None:
    """A time to live is whole seconds in Facter's units, milliseconds without one, none in another."""
    assert ttl_s(text) == expected
