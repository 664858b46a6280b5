# SPDX-License-Identifier: Apache-2.0
"""Facts of a host: external facts as Facter reads them, core facts, and what is wrong with directories.

The public names::

    read_external_facts(directories, environ)   -> ExternalFacts(values, problems)
    FactCache(directory, ttls_s)                -> facts that Facter keeps, for ``read_external_facts``
    ttl_s(text)                                 -> seconds of a time to live in ``facter.conf``
    default_directories(environ, is_root)       -> where Facter looks when it is told nothing
    facter_facts(environ)                       -> core facts, asked of Facter
    ansible_facts(path)                         -> core facts, of Ansible's fact cache
    merge(core, external)                       -> what ``facter`` would print
    lint(directories)                           -> findings
"""

from __future__ import annotations

from tripleo_messaging.facts.cache import FactCache, ttl_s
from tripleo_messaging.facts.core import ansible_facts, facter_facts, merge
from tripleo_messaging.facts.discover import default_directories
from tripleo_messaging.facts.external import ExternalFacts, read_external_facts
from tripleo_messaging.facts.lint import lint

__all__ = [
    "ExternalFacts",
    "FactCache",
    "ansible_facts",
    "default_directories",
    "facter_facts",
    "lint",
    "merge",
    "read_external_facts",
    "ttl_s",
]
