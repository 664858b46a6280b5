# SPDX-License-Identifier: Apache-2.0
"""An end to waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

T = TypeVar("T")


def within(timeout_s: float, ask: Callable[[], T]) -> T:
    """Return what `ask` returns, or raise what it raises.

    Timeouts of sockets bound each read alone: a peer that sends a byte now and then is never late, nor are
    they asked when a name is resolved. What is not back in time is left to itself, and ends with the process.

    Raises:
        TimeoutError: it is not back in time.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001  whoever waits raises it
            answer.set_exception(error)

    # Not an executor's thread: the interpreter would wait for that one before it ends.
    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(timeout_s)
    except FutureTimeoutError:
        # Until Python 3.11 that is another class than the built-in one.
        raise TimeoutError from None
