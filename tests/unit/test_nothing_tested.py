# SPDX-License-Identifier: Apache-2.0
"""A run that tested nothing fails: the hook of tests/conftest.py, tried with pytest itself."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

RUNS = {
    "passed": ("def test_it(): pass", pytest.ExitCode.OK, ""),
    "one skipped of two": (
        "import pytest\ndef test_it(): pass\ndef test_other(): pytest.skip('why')",
        pytest.ExitCode.OK,
        "",
    ),
    "failed": ("def test_it(): assert False", pytest.ExitCode.TESTS_FAILED, ""),
    "expected to fail": (
        "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False",
        pytest.ExitCode.OK,
        "",
    ),
    "all skipped": (
        "import pytest\ndef test_it(): pytest.skip('why')",
        pytest.ExitCode.TESTS_FAILED,
        "FAILED: all 1 tests were skipped",
    ),
    "none collected": ("", pytest.ExitCode.TESTS_FAILED, "FAILED: no test was collected"),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_tested_nothing_fails(pytester: pytest.Pytester, run: str) -> None:
    """Zero collected or all skipped is a failure that says why; any other run keeps its status."""
    source, status, said = RUNS[run]
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(source)
    result = pytester.runpytest_subprocess()
    assert result.ret == status
    assert said in result.stdout.str()
