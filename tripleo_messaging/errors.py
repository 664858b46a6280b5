# SPDX-License-Identifier: Apache-2.0
"""Every exception this package raises.

::

    MessagingError
    ├── InvalidInputError        the operator's input has error findings
    │   └── InvalidPlanError     ... in the plan (raised by ``load_plan``)
    ├── InvalidTransportUrlError a text is no transport URL, or a URL cannot say a value
    ├── UsageError               options that do not go together
    ├── UnreadableFileError      a file is missing, not a file, or may not be read
    │   ├── FileTooLargeError    a file is over the bound for its kind
    │   └── UnusableStoreError   a store of secrets, or its key, is damaged or not safely kept
    ├── UnwritableFileError      a file or directory cannot be written
    │   └── StaleStoreError      a store of secrets was changed since it was read
    ├── UnusableKeyError         a text is no RSA key that can be used
    ├── LockedError              another command holds the lock
    ├── UnknownPasswordError     a password name that is nearly one of ours
    ├── MissingSecretError       a secret that the rendering needs is not there
    ├── RotationError            a step of a rotation that is out of turn, or not safe yet
    ├── UnansweredError          a broker could not be asked
    │   ├── RefusedLoginError    a broker knows no such user, password or permission
    │   └── IncompleteAnswerError a broker does not see all of its cluster
    └── UnknownKeyError          a lookup found no value

Problems in what an operator wrote are findings (`tripleo_messaging.model.finding`)
and all reported at once; an exception is for a promise that cannot be kept.
No text of an exception holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripleo_messaging.model.finding import Finding


class MessagingError(Exception):
    """The root of the tree: catch this to catch everything of ours."""


class InvalidInputError(MessagingError):
    """Input that has at least one error finding.

    Attributes:
        findings: all findings of the input, the warnings and notes included.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings)
        self.findings = tuple(findings)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class InvalidPlanError(InvalidInputError):
    """A plan that has at least one error finding."""


class UsageError(MessagingError):
    """Options or arguments that do not go together."""


class _PathError(MessagingError):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class UnreadableFileError(_PathError):
    """A file is missing, is not a regular file, or may not be read."""


class FileTooLargeError(UnreadableFileError):
    """A file is larger than its kind is ever expected to be.

    Attributes:
        limit_bytes: the bound that was passed.
    """

    def __init__(self, path: str, limit_bytes: int) -> None:
        super().__init__(path, f"larger than the {limit_bytes:,} bytes that are read at the most")
        self.args = (path, limit_bytes)  # what a copy is made from
        self.limit_bytes = limit_bytes


class UnusableStoreError(UnreadableFileError):
    """A store of secrets, or its key, is damaged, of another key, or not safely kept."""


class UnusableKeyError(MessagingError):
    """A text is no RSA key, or one that cannot be used.

    Attributes:
        reason: what was found and what was expected; never a piece of the key.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class UnwritableFileError(_PathError):
    """A file or directory cannot be written."""


class StaleStoreError(UnwritableFileError):
    """A store of secrets was changed by somebody else since it was read."""

    def __init__(self, path: str, reason: str = "was changed by another command; run this one again") -> None:
        super().__init__(path, reason)


class LockedError(_PathError):
    """Another command holds the lock on a directory or file."""


class UnknownPasswordError(MessagingError):
    """A password name that is nearly, but not quite, one of ours.

    Attributes:
        name: what was asked for.
        close_to: the name of ours it resembles.
    """

    def __init__(self, name: str, close_to: str) -> None:
        super().__init__(name, close_to)
        self.name = name
        self.close_to = close_to

    def __str__(self) -> str:
        return f"no password is named {self.name!r}; did you mean {self.close_to!r}?"


class MissingSecretError(MessagingError):
    """A secret that the rendering needs is not in the secrets given.

    Attributes:
        name: the secret's name, e.g. ``RpcPassword``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no secret named {self.name!r}: put it into the file given with --secrets"


class RotationError(MessagingError):
    """A step of a rotation that is out of turn, or that would cut off somebody now."""


class UnansweredError(MessagingError):
    """A broker could not be asked, or refused to answer.

    Attributes:
        where: host and port, or URL, without a secret.
        reason: what was found, and the way out.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where = where
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class RefusedLoginError(UnansweredError):
    """A broker answered, and let the account not in."""


class IncompleteAnswerError(UnansweredError):
    """A broker answered, and what it knows is not all: it does not see every member of its cluster."""


class UnknownKeyError(MessagingError):
    """A lookup found no value for a key.

    Attributes:
        key: the hiera key.
        data_dir: the rendered tree that was searched.
    """

    def __init__(self, key: str, data_dir: str) -> None:
        super().__init__(key, data_dir)
        self.key = key
        self.data_dir = data_dir

    def __str__(self) -> str:
        return f"{self.data_dir}: no value for the key {self.key!r}"


class InvalidTransportUrlError(MessagingError):
    """A text is no transport URL, or a value is one that a URL cannot say.

    Attributes:
        reason: what is wrong and the way out; never a piece of the URL, which may be secret.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"not a valid transport URL: {self.reason}"
