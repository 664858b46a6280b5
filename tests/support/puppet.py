# SPDX-License-Identifier: Apache-2.0
"""Puppet as an operator runs it, on a host made of namespaces."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from tests.support.namespaces import NamespaceHost

REPOSITORY = Path(__file__).resolve().parents[2]
SHIMS = REPOSITORY / "puppet_shims"
DATA_DIR = "/etc/puppet/hieradata"
HIERA_YAML = "/etc/puppet/hiera.yaml"
PROFILE = "include tripleo::profile::base::messaging"

# What Puppet 8 has as its defaults.
STRICT = ("--strict=error", "--strict_variables", "--no-include_legacy_facts")

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# Facter may not look at a container's first process; it says so and goes on.
_HARMLESS = re.compile(r"^Error: Facter: Permission denied @ rb_sysopen - /proc/1/environ\n", re.MULTILINE)


@attrs.frozen(kw_only=True)
class PuppetRun:
    """What a run of Puppet left behind.

    Attributes:
        code: exit code; with ``--detailed-exitcodes`` 0 is no change, 2 is changes, 4 and 6 are failures.
        output: everything that it printed, without colours.
    """

    code: int
    output: str


NOT_RUN = PuppetRun(code=-1, output="")


def run_puppet(host: NamespaceHost, *arguments: str) -> PuppetRun:
    """Run a Puppet command on a host."""
    done = host.run("puppet", *arguments)
    output = _COLOURS.sub("", done.stdout + done.stderr)
    return PuppetRun(code=done.returncode, output=_HARMLESS.sub("", output))


def apply(
    host: NamespaceHost,
    manifest: str = PROFILE,
    *options: str,
    modulepath: str = str(SHIMS),
    strictness: Sequence[str] = STRICT,
) -> PuppetRun:
    """Apply a manifest with the host's hieradata, with Puppet 8's strictness and detailed exit codes."""
    settings = (*strictness, "--detailed-exitcodes", "--modulepath", modulepath, "--hiera_config", HIERA_YAML)
    return run_puppet(host, "apply", *settings, *options, "--execute", manifest)


def compile_catalog(
    host: NamespaceHost, manifest: str, modulepath: str = str(SHIMS), strictness: Sequence[str] = STRICT
) -> dict[str, Any]:
    """Compile a manifest with the host's hieradata and return the catalog.

    Raises:
        AssertionError: it does not compile; the text is Puppet's.
    """
    site = "/etc/puppet/site.pp"
    host.write(site, manifest)
    settings = (*strictness, "--modulepath", modulepath, "--hiera_config", HIERA_YAML, "--manifest", site)
    run = run_puppet(host, "catalog", "compile", *settings, "--render-as", "json")
    assert run.code == 0, run.output
    return json.loads(run.output[run.output.index("{") : run.output.rindex("}") + 1])


def resources(catalog: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the parameters of a catalog's resources of one type, by title."""
    return {
        resource["title"]: resource.get("parameters", {})
        for resource in catalog["resources"]
        if resource["type"] == kind
    }
