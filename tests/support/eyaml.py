# SPDX-License-Identifier: Apache-2.0
"""The suite of eyaml: pairs of keys, and tokens that several programs made for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.support.checkout import ROOT
from tripleo_messaging.sealing.keys import Recipient, load_private_key, load_recipient

SUITE = ROOT / "tests/suites/eyaml"
CASES = tuple(sorted(path.name for path in SUITE.iterdir() if path.is_dir()))
CASES_WITH_PUBLIC_KEY = tuple(name for name in CASES if (SUITE / name / "public_key.pem").exists())
PAYLOADS: Mapping[str, bytes] = {
    name: text.encode() for name, text in json.loads((SUITE / "payloads.json").read_text()).items()
}

_LABELLED = re.compile(rb"^([\w-]+):(?: >\n)?\s*(ENC\[[^]]+\])$", re.MULTILINE)


def private_key_of(case: str) -> RSAPrivateKey:
    """Load the private key of a case."""
    return load_private_key((SUITE / case / "private_key.pem").read_bytes())


def recipient_of(case: str) -> Recipient:
    """Load the public key or certificate of a case."""
    return load_recipient((SUITE / case / "public_key.pem").read_bytes())


def tokens_of(case: str) -> dict[str, bytes]:
    """Return the tokens of a case by the name of their payload, with the whitespace that is in them."""
    return labelled_tokens((SUITE / case / "tokens.eyaml").read_bytes())


def labelled_tokens(content: bytes) -> dict[str, bytes]:
    """Return the tokens of a file by the key that each stands behind."""
    return {found.group(1).decode(): found.group(2) for found in _LABELLED.finditer(content)}


def safe_copy(path: Path, target: Path) -> Path:
    """Copy a private key of the suite to where only its owner may read it; a checkout keeps no modes."""
    target.touch(0o600)
    target.write_bytes(path.read_bytes())
    return target
