# SPDX-License-Identifier: Apache-2.0
"""Waiting that has an end."""

from __future__ import annotations

import threading

import pytest

from tripleo_messaging.backends.rabbitmq.deadline import within


def test_what_is_back_in_time():
    """Is returned."""
    assert within(10, lambda: 3) == 3


def test_what_fails_in_time():
    """Is raised as it is."""
    with pytest.raises(ZeroDivisionError):
        within(10, lambda: 1 // 0)


def test_what_is_not_back_in_time():
    """Is left to itself, with the built-in class of every version of Python."""
    over = threading.Event()
    with pytest.raises(TimeoutError) as caught:
        within(0.05, over.wait)
    over.set()
    assert caught.type is TimeoutError
