# SPDX-License-Identifier: Apache-2.0
"""The shapes of ``tests/suites/hierarchy``, and what this package makes of each.

A folder has ``before.yaml`` and ``options.yaml``; ``after.yaml`` and ``place.txt`` where the file is edited;
``findings.yaml`` where it is not, or with warnings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import yaml

from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hieradata.install import LEVEL_NAMES
from tripleo_messaging.hierarchy import Edit, OurLevels, with_levels

SUITE = Path(__file__).parents[1] / "suites" / "hierarchy"
FILE = "hiera.yaml"
DATADIR = "/etc/puppet/hieradata"


def cases(*, edited: bool) -> list[Path]:
    """Return the shapes that are edited, or those that are not."""
    folders = sorted(path.parent for path in SUITE.glob("*/before.yaml"))
    return [folder for folder in folders if (folder / "after.yaml").exists() is edited]


def our_levels(*, sealed: bool = False, datadir: str = DATADIR) -> OurLevels:
    """Return levels in TripleO's directory, or another one."""
    secrets = {
        "sealed_file": f"{datadir}/messaging_secrets.sealed",
        "private_key": "/etc/puppet/keys/node.pem",
    }
    return OurLevels(datadir=datadir, names=LEVEL_NAMES, **(secrets if sealed else {}))


def options(case: Path) -> dict[str, Any]:
    """Return the arguments of `with_levels` that a shape has."""
    given = yaml.safe_load((case / "options.yaml").read_text(encoding="utf-8"))
    return {"ours": our_levels(sealed=given.pop("sealed", False)), **given}


def edit(case: Path, content: Optional[bytes] = None) -> Edit:
    """Put our levels into a shape, or into a content with its options."""
    return with_levels(
        (case / "before.yaml").read_bytes() if content is None else content, FILE, **options(case)
    )


def outcome(case: Path) -> tuple[Optional[bytes], list[str], str]:
    """Return a shape's new content, the findings and the place."""
    try:
        done = edit(case)
    except InvalidInputError as error:
        return None, [str(finding) for finding in error.findings], ""
    return done.content, [str(finding) for finding in done.findings], done.place


def expected(case: Path) -> tuple[Optional[bytes], list[str], str]:
    """Return what a shape's folder says of it."""
    after, findings, place = (case / name for name in ("after.yaml", "findings.yaml", "place.txt"))
    return (
        after.read_bytes() if after.exists() else None,
        yaml.safe_load(findings.read_text(encoding="utf-8")) if findings.exists() else [],
        place.read_text(encoding="utf-8").rstrip("\n") if place.exists() else "",
    )
