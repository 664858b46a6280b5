# SPDX-License-Identifier: Apache-2.0
"""The messaging products, found by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Optional

from tripleo_messaging.backends.protocol import Backend, Support

__all__ = ["BACKEND_MODULES", "Backend", "Support", "backend_of_scheme", "find_backend", "spoken_backend"]

#: Module of each product by its name in a plan; a new backend is one line here.
BACKEND_MODULES: Mapping[str, str] = MappingProxyType(
    {
        name: f"tripleo_messaging.backends.{name}"
        for name in ("rabbitmq", "qdrouterd", "zmq", "kafka", "external")
    }
)

#: Schemes that oslo.messaging takes for another.
_ALIASES = {"kombu": "rabbit"}


def find_backend(name: str) -> Optional[Backend]:
    """Return the product of that name, or ``None``."""
    module = BACKEND_MODULES.get(name)
    if module is None:
        return None
    backend: Backend = importlib.import_module(module).BACKEND
    return backend


def backend_of_scheme(scheme: str) -> Optional[Backend]:
    """Return the product that an oslo.messaging scheme talks to, or ``None``.

    What follows a ``+`` chooses among the scheme's own variants (``zmq+redis``).
    """
    driver = scheme.partition("+")[0]
    backends = (find_backend(name) for name in BACKEND_MODULES)
    wanted = _ALIASES.get(driver, driver)
    return next((backend for backend in backends if backend and backend.scheme == wanted), None)


def spoken_backend(backend: Backend, scheme: Optional[str]) -> Backend:
    """Return the product that clients speak to: for an external backend, the one of its scheme."""
    if backend.scheme is not None or scheme is None:
        return backend
    return backend_of_scheme(scheme) or backend
