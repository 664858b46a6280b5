# SPDX-License-Identifier: Apache-2.0
"""Dates and times of YAML, as Ruby reads and writes them.

Source: psych 4.0.3, ``lib/psych/scalar_scanner.rb``, ``parse_time``; Ruby's ``Date`` counts in the Julian
calendar before 1582-10-15.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Optional, Union

from tripleo_messaging.facts.outcome import SpoiledError
from tripleo_messaging.facts.ruby_text import Date, Time

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY, _MONTHS, _LAST_DAY, _LAST_HOUR, _MINUTES = 2, 12, 31, 24, 60
_GREGORIAN, _JULIAN = (1582, 10, 15), (1582, 10, 4)
_TIME = re.compile(
    r"(?P<sign>-?)(?P<date>\d{4}-\d{1,2}-\d{1,2})[ tT\s]+(?P<time>\d+:\d+:\d+)(?:\.\d*)?"
    r"\s*(?P<zone>Z|[-+]\d+(?::\d\d)?)?",
    re.ASCII,
)
_ZONE = re.compile(r"([+-]?\d{1,2}):?(\d{1,2})?$", re.ASCII)
_DAY_S = 86400


def read_date(text: str, is_output: bool) -> Union[Date, str]:
    """Read a date; a day that no calendar has is a text.

    Raises:
        SpoiledError: it stands in what an executable printed, where Facter allows none.
    """
    if is_output:
        raise SpoiledError("bad-yaml", "a date, which Facter does not take from an executable", "note")
    year, month, day = map(int, text.split("-"))
    is_there = 1 <= month <= _MONTHS and 1 <= day <= _days(year, month) and not _is_skipped(year, month, day)
    return Date(f"{year:04}-{month:02}-{day:02}") if is_there else text


def _days(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year < _GREGORIAN[0] or year % 100 != 0 or year % 400 == 0)
    return 29 if month == _FEBRUARY and is_leap else _DAYS[month - 1]


def _is_skipped(year: int, month: int, day: int) -> bool:
    return _JULIAN < (year, month, day) < _GREGORIAN


def read_time(text: str, is_output: bool) -> Any:
    """Read a time; one that no clock shows is a text.

    Raises:
        SpoiledError: it stands in a file, where Facter allows none (it quotes most before).
    """
    if not is_output:
        raise SpoiledError("bad-yaml", "a time, which Facter takes as a text only; quote it")
    match = _TIME.search(text)
    try:
        return _time(match) if match and not match["sign"] else text
    except (ValueError, OverflowError):
        return text


def _time(match: re.Match[str]) -> Time:
    year, month, day = map(int, match["date"].split("-"))
    hour, minute, second = map(int, match["time"].split(":"))
    if not (1 <= day <= _LAST_DAY and hour <= _LAST_HOUR and minute < _MINUTES and second <= _MINUTES):
        raise ValueError(day)
    if hour == _LAST_HOUR and (minute or second):
        raise ValueError(hour)
    # A day or second more than there are is one of the next month or minute.
    moment = dt.datetime(year, month, 1, tzinfo=dt.timezone.utc) + dt.timedelta(
        days=day - 1, hours=hour, minutes=minute, seconds=second
    )
    return _written(moment, match["zone"])


def _written(moment: dt.datetime, zone: Optional[str]) -> Time:
    if zone == "Z":
        utc = moment.replace(tzinfo=None)
        return Time.of(f"{utc.isoformat()}Z", f"{utc.isoformat(' ')} UTC")
    zoned = None if zone is None else dt.timezone(_offset(zone))
    local = moment.astimezone() if zoned is None else moment.replace(tzinfo=zoned)
    plain = local.replace(tzinfo=None).isoformat(" ")
    return Time.of(local.isoformat(), f"{plain} {local.strftime('%z')}")


def _offset(zone: str) -> dt.timedelta:
    match = _ZONE.match(zone)
    if match is None:
        raise ValueError(zone)
    hours, minutes = int(match[1]), int(match[2] or 0)
    # -0:30 is half an hour to the east: Ruby asks for the sign of the hours, and 0 has none.
    seconds = hours * 3600 + (-60 if hours < 0 else 60) * minutes
    if abs(seconds) >= _DAY_S:
        raise ValueError(zone)
    return dt.timedelta(seconds=seconds)
