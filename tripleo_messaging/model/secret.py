# SPDX-License-Identifier: Apache-2.0
"""Values that must not be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from tripleo_messaging.errors import MissingSecretError
from tripleo_messaging.model.finding import Origin

MASK = "********"


class Secret:
    """A text that shows itself only when asked with `reveal`.

    ``repr``, ``str``, formatting, JSON and pickling all hide or refuse it.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """Return the text itself; the caller keeps it from logs and messages."""
        return self.__text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.__text)

    def __reduce__(self) -> str:
        # A pickle is a copy that nobody masks.
        raise TypeError("a Secret cannot be pickled")


class Secrets(Mapping[str, Secret]):
    """The secrets at hand, keyed by their Heat parameter name (``RpcPassword`` …).

    Attributes:
        origins: by name, file and line where a secret was written; one that was generated, or given
            without, has none. Secrets are equal wherever they were written.
    """

    def __init__(
        self,
        secrets: Mapping[str, Secret | str] | None = None,
        origins: Mapping[str, Origin] | None = None,
    ) -> None:
        self._secrets = {name: _secret(name, value) for name, value in (secrets or {}).items()}
        known = {name: origin for name, origin in (origins or {}).items() if name in self._secrets}
        self.origins: Mapping[str, Origin] = MappingProxyType(known)

    def __getitem__(self, name: str) -> Secret:
        return self._secrets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._secrets)

    def __len__(self) -> int:
        return len(self._secrets)

    def __repr__(self) -> str:
        return f"Secrets({sorted(self._secrets)})"

    def require(self, name: str) -> Secret:
        """Return the secret of that name.

        Raises:
            MissingSecretError: there is none.
        """
        try:
            return self._secrets[name]
        except KeyError:
            raise MissingSecretError(name) from None

    def updated(self, other: Mapping[str, Secret]) -> Secrets:
        """Return these secrets with those of `other`, and their origins, laid over them."""
        kept = self.without(other)
        origins = other.origins if isinstance(other, Secrets) else {}
        return Secrets({**kept, **other}, {**kept.origins, **origins})

    def without(self, names: Collection[str]) -> Secrets:
        """Return these secrets but for those of some names."""
        kept = {name: secret for name, secret in self._secrets.items() if name not in names}
        return Secrets(kept, self.origins)


def _secret(name: str, value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        # str(None) would be a password that everybody can guess.
        raise TypeError(f"{name}: a secret is a text, not {type(value).__name__}")
    return Secret(value)
