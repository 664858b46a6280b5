# SPDX-License-Identifier: Apache-2.0
"""Host patterns of a YAML inventory: ``ctl-[0:2]`` stands for three hosts."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable, Sequence
from typing import Optional

MAX_HOSTS = 100_000

_RANGE = re.compile(r"\[([^\[\]:]*):([^\[\]:]*)(?::([^\[\]:]*))?\]")
_PORT = re.compile(r"^([^:]*):[0-9]{1,5}$")
_SPECIAL = re.compile(r"[\[\]:]")
_NUMBER = re.compile(r"[0-9]{1,9}")


class HostRangeError(ValueError):
    """A host pattern that stands for no list of hosts; its text says why."""


def expand_host_pattern(pattern: str) -> tuple[str, ...]:
    """Write out the hosts that a pattern stands for, the first range outermost.

    Args:
        pattern: a host name with any number of ``[begin:end]`` or ``[begin:end:step]``, of numbers
            (leading zeros set the width) or of single letters, both ends included; a port behind it
            is dropped.

    Raises:
        HostRangeError: a range that cannot be read, runs backwards, or stands for more than `MAX_HOSTS`.

    Source: ansible-core ``plugins/inventory/__init__.py``, ``expand_hostname_range``; there a range of
    numbers that runs backwards silently stands for no host.
    """
    if not _SPECIAL.search(pattern):
        return (pattern,)
    parts = _RANGE.split(pattern)
    texts = [*parts[:-1:4], _without_port(parts[-1])]
    if any("[" in text or "]" in text for text in texts):
        raise HostRangeError("a range is written [begin:end] or [begin:end:step]")
    ranges = [_expand(*parts[index : index + 3]) for index in range(1, len(parts), 4)]
    _check_size(ranges)
    pairs = itertools.zip_longest([[text] for text in texts], ranges, fillvalue=[""])
    columns = itertools.chain.from_iterable(pairs)
    return tuple("".join(choice) for choice in itertools.product(*columns))


def _without_port(text: str) -> str:
    match = _PORT.match(text)
    return match[1] if match else text


def _check_size(ranges: Sequence[Sequence[str]]) -> None:
    size = 1
    for steps in ranges:
        size *= len(steps)
    if size > MAX_HOSTS:
        raise HostRangeError(f"it stands for more than {MAX_HOSTS:,} hosts")


def _expand(begin: str, end: str, step: Optional[str]) -> Sequence[str]:
    width = _step(step)
    begin = begin or "0"
    if not end:
        raise HostRangeError("a range needs an end")
    if _is_letter(begin) and _is_letter(end):
        return _ordered(string.ascii_letters.index(begin), string.ascii_letters.index(end), width, _letter)
    if not (_NUMBER.fullmatch(begin) and _NUMBER.fullmatch(end)):
        raise HostRangeError("a range goes from number to number or from letter to letter")
    if begin[0] == "0" and len(begin) > 1 and len(begin) != len(end):
        raise HostRangeError("with leading zeros, begin and end of a range are equally long")
    digits = len(begin) if begin[0] == "0" else 1
    return _ordered(int(begin), int(end), width, lambda number: str(number).zfill(digits))


def _step(text: Optional[str]) -> int:
    if text is None:
        return 1
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise HostRangeError("the step of a range is a number from 1")
    return int(text)


def _is_letter(text: str) -> bool:
    return len(text) == 1 and text in string.ascii_letters


def _letter(index: int) -> str:
    return string.ascii_letters[index]


def _ordered(first: int, last: int, step: int, write: Callable[[int], str]) -> Sequence[str]:
    if first > last:
        raise HostRangeError("a range runs from the lower end to the higher")
    numbers = range(first, last + 1, step)
    if len(numbers) > MAX_HOSTS:
        raise HostRangeError(f"it stands for more than {MAX_HOSTS:,} hosts")
    return [write(number) for number in numbers]
