# SPDX-License-Identifier: Apache-2.0
"""Answers of ``puppet lookup`` and ``hiera``, recorded, and what is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import yaml

from tests.support.checkout import ROOT
from tripleo_messaging.explain import hiera3, puppet
from tripleo_messaging.explain.values import Explanation

SUITE = ROOT / "tests/suites/explain"


def cases() -> Iterator[Path]:
    """Yield the directory of each case."""
    yield from sorted(path for path in SUITE.iterdir() if path.is_dir())


def expected(case: Path) -> dict[str, Any]:
    """Return the key that was asked for, and what is expected of its explanation."""
    read: dict[str, Any] = yaml.safe_load((case / "expected.yaml").read_text(encoding="utf-8"))
    return read


def explained(case: Path, key: str) -> Explanation:
    """Explain a key by the recorded answers of a case."""
    if (case / "debug.txt").exists():
        return _by_hiera(case, key)
    return puppet.explain(key, _text(case, "as_it_is.json") or "", _text(case, "merged.json"))


def _by_hiera(case: Path, key: str) -> Explanation:
    levels = json.loads(_text(case, "levels.json") or "{}")
    told = [
        (case / name).read_text(encoding="utf-8") for name in ("answer.json", "debug.txt", "debug_of_all.txt")
    ]
    answer = hiera3.Answer(value=told[0], debug=told[1], debug_of_all=told[2])
    known = json.loads(_text(case, "directories.json") or '{"json": "/etc/puppet/hieradata"}')
    return hiera3.explain(key, answer, known, levels.get)


def _text(case: Path, name: str) -> Optional[str]:
    path = case / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def shown(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as the cases write it: definers as ``layer level [ours] [wins]``."""
    return {
        "program": explanation.program,
        "merge": explanation.merge,
        "is_found": explanation.is_found,
        "is_complete": explanation.is_complete,
        "is_interpolated": explanation.is_interpolated,
        "value": explanation.value,
        "definers": [
            " ".join(
                (
                    *(definer.layer, definer.level),
                    *(("ours",) if definer.is_ours else ()),
                    *(("wins",) if definer.wins else ()),
                )
            )
            for definer in explanation.definers
        ],
    }
