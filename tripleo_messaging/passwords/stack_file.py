# SPDX-License-Identifier: Apache-2.0
"""Secrets in one file of the shape of TripleO's ``<stack>-passwords.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import yaml

from tripleo_messaging import files
from tripleo_messaging.documents import ENVIRONMENT_LIMITS, Document, read_document
from tripleo_messaging.errors import InvalidInputError, UnwritableFileError, UsageError
from tripleo_messaging.model.finding import Finding, Origin, has_errors
from tripleo_messaging.model.heat_parameters import LEGACY_PARAMETERS
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.passwords.generate import existing_passwords
from tripleo_messaging.passwords.stack_text import laid_into, new_text
from tripleo_messaging.schema.validate import load_schema, validate

_SECTION = "parameter_defaults"
_HEADER = "# Secrets of the messaging services. Keep this file as safe as the services themselves.\n"


def secret_names() -> frozenset[str]:
    """Return the name of every secret that a file may hold for us."""
    return frozenset(descriptions())


def descriptions() -> Mapping[str, str]:
    """Return what each of `secret_names` is for, in a sentence."""
    properties = load_schema("secrets")["properties"][_SECTION]["properties"]
    return {name: schema["description"] for name, schema in properties.items()}


def read_secrets(path: Path, *, inherit: bool = True) -> tuple[Secrets, tuple[Finding, ...]]:
    """Read the secrets of ours in a file; other services' passwords are passed by.

    Args:
        path: of the file.
        inherit: whether a ``RabbitPassword`` of a release before Rocky stands for ``RpcPassword`` and
            ``NotifyPassword`` too where the file has not these.

    Returns:
        The secrets with their origins, and findings about the file.

    Raises:
        UnreadableFileError: the file is missing or may not be read.
    """
    document, findings = read_document(path, ENVIRONMENT_LIMITS)
    if document is None:
        return Secrets(), findings
    section, problems = _section(document)
    known = {name: Secret(section[name]) for name in secret_names() if isinstance(section.get(name), str)}
    plain = {name: secret.reveal() for name, secret in known.items()} if inherit else {}
    secrets: dict[str, Secret | str] = {**existing_passwords({_SECTION: plain}), **known}
    written = {name: name if name in known else LEGACY_PARAMETERS.get(name, name) for name in secrets}
    origins = {name: document.origin((_SECTION, source)) for name, source in written.items()}
    return Secrets(secrets, origins), (*findings, *problems, *_exposed(path))


def _section(document: Document) -> tuple[Mapping[str, Any], tuple[Finding, ...]]:
    if document.data in (None, ""):
        return {}, ()
    data, findings = validate(document, "secrets")
    section = data.get(_SECTION) if isinstance(data, dict) else None
    return (section if isinstance(section, dict) else {}), findings


def _exposed(path: Path) -> tuple[Finding, ...]:
    mode = path.stat().st_mode & 0o777
    if not mode & 0o077:
        return ()
    return (
        Finding(
            rule="exposed-secrets",
            severity="warning",
            message=f"has mode {mode:04o}, so that others than its owner may read or change it",
            hint=f"chmod 0600 {path.name}",
            origin=Origin(file=str(path)),
        ),
    )


def write_secrets(
    path: Path, secrets: Mapping[str, Secret], *, replaces: Optional[Mapping[str, Secret]] = None
) -> None:
    """Replace a file by one that holds the secrets, for its owner only; the former one is backed up.

    Args:
        path: of the file; it and its directory are made when they are not there.
        secrets: all that the file shall hold, so also what it held.
        replaces: what the caller has read there (`read_secrets`; empty where there was no file). When
            another command has written since, nothing is.

    Raises:
        UnwritableFileError: it cannot be written, is a symbolic link, holds what is not ours and
            would be lost, or has changed.
        InvalidInputError: what is there now has error findings.
        LockedError: another command is writing in that directory.
        UsageError: a secret could not be read back.
    """
    plain = {name: _writable(name, secrets[name]) for name in sorted(secrets)}
    text = _HEADER + yaml.safe_dump({_SECTION: plain}, default_flow_style=False)
    files.make_directory(path.parent, files.SECRET_DIR_MODE)
    with files.locked(path.parent):
        _refuse_foreign(path)
        if replaces is not None and replaces != (read_secrets(path)[0] if path.exists() else Secrets()):
            raise UnwritableFileError(str(path), "was changed by another command; run this one again")
        for written in (path, backup_of(path)):
            files.remove_leftovers(written)
        _keep_former(path, text.encode())
        files.write_atomic(path, text.encode(), files.SECRET_MODE)


def _keep_former(path: Path, text: bytes) -> None:
    """Back up what a change would lose: the former values, and what an operator wrote around them."""
    former = files.read_if_there(path, ENVIRONMENT_LIMITS.size_bytes)
    if former is not None and former != text:
        files.write_atomic(backup_of(path), former, files.SECRET_MODE)


def backup_of(path: Path) -> Path:
    """Return where the former content of a file of secrets is kept at a change."""
    return path.with_name(f"{path.name}.bak")


def merge_secrets(path: Path, secrets: Mapping[str, Secret], *, write: bool = True) -> tuple[str, ...]:
    """Lay secrets into a file, and leave all else in it as it is; the former one is backed up.

    Args:
        path: of the file, YAML; it and its directory are made when they are not there.
        secrets: what it shall hold beside what it has.
        write: whether to do it, and not only look what would be done.

    Returns:
        Name of each secret that the file had not, or with another value.

    Raises:
        UnwritableFileError: it cannot be written, is a symbolic link, or has a value that cannot be changed
            by itself.
        InvalidInputError: what is there has error findings.
        LockedError: another command is writing in that directory.
        UsageError: it is no YAML, or a secret could not be read back.
    """
    plain = {name: _writable(name, secrets[name]) for name in sorted(secrets)}
    if path.name.endswith(".json"):
        raise UsageError(f"{path}: is named as JSON, expected YAML as TripleO writes it (.yaml)")
    if not write:
        return _merged(path, plain)[0]
    files.make_directory(path.parent, files.SECRET_DIR_MODE)
    with files.locked(path.parent):
        for written in (path, backup_of(path)):
            files.remove_leftovers(written)
        names, text = _merged(path, plain)
        _keep_former(path, text)
        files.write_atomic(path, text, files.SECRET_MODE)
    return names


def _merged(path: Path, plain: Mapping[str, str]) -> tuple[tuple[str, ...], bytes]:
    """Return the names that a file has otherwise, and the text that it shall have."""
    files.refuse_irregular(path)
    former = files.read_if_there(path, ENVIRONMENT_LIMITS.size_bytes)
    if former is None:
        return tuple(plain), (_HEADER + new_text(plain)).encode()
    held, findings = read_secrets(path, inherit=False)
    if has_errors(findings):
        raise InvalidInputError(findings)
    names = tuple(name for name, text in plain.items() if name not in held or held[name].reveal() != text)
    text = laid_into(former.decode("utf-8-sig"), plain)
    if text is None:
        reason = (
            "has one of our values where it cannot be changed alone, as behind an alias; write it out there"
        )
        raise UnwritableFileError(str(path), reason)
    return names, text.encode()


def _writable(name: str, secret: Secret) -> str:
    """Return a text that YAML can hold; looked at here, as an error of the encoder would show it."""
    text = secret.reveal()
    if name not in secret_names():
        raise UsageError(f"{name}: is no secret of ours")
    if not text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{name}: is empty, or holds half of a surrogate pair")
    return text


def _refuse_foreign(path: Path) -> None:
    if not path.exists():
        return
    document, findings = read_document(path, ENVIRONMENT_LIMITS)
    section, problems = _section(document) if document else ({}, ())
    if document is None or has_errors(findings):
        raise InvalidInputError(findings)
    top = set(document.data) - {_SECTION} if isinstance(document.data, dict) else set()
    foreign = top | (set(section) - secret_names())
    if foreign:
        # Unnamed, as a password may stand where a name should.
        reason = "holds more than our secrets, which would be lost; give --secrets a file of its own"
        raise UnwritableFileError(str(path), reason)
    if problems:
        raise InvalidInputError(problems)
