"""Dates and ages in words, in UTC and in English."""

import math
from datetime import UTC, datetime, timedelta

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_YEAR = 365 * _DAY
_UNITS = ((30 * _DAY, "month"), (_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))


def date(then: datetime) -> str:
    """`21 May 2009`, the day in UTC. Naive times are refused (ValueError)."""
    then = _utc(then)
    return f"{then.day} {_MONTHS[then.month - 1]} {then.year}"


def moment(then: datetime) -> str:
    """`21 May 2009, 14:05 UTC`. Naive times are refused (ValueError)."""
    then = _utc(then)
    return f"{date(then)}, {then.hour:02}:{then.minute:02} UTC"


def relative(then: datetime, now: datetime) -> str:
    """How far `then` lies from `now`, in the largest whole unit: `just now`, `3 hours ago`, `yesterday`, `in 2 days`.
    A month counts 30 days; from a year (365 days) on it is the date. Naive times are refused (ValueError)."""
    gap = _utc(then) - _utc(now)
    seconds = abs(gap) // timedelta(seconds=1)
    if seconds < _MINUTE:
        return "just now"
    if seconds >= _YEAR:
        return date(then)
    is_past = gap < timedelta(0)
    size, unit = _unit(seconds)
    count = seconds // size
    if unit == "day" and count == 1:
        return "yesterday" if is_past else "tomorrow"
    words = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{words} ago" if is_past else f"in {words}"


def steady(then: datetime, now: datetime) -> float:
    """For how many seconds from `now` on the words of `relative` stay the same: at least that long, in the past exactly
    so; infinity for a date. Naive times are refused (ValueError)."""
    gap = (_utc(now) - _utc(then)).total_seconds()
    if gap >= _YEAR:
        return math.inf
    if gap < _MINUTE:  # or still to come
        return _MINUTE - gap if gap >= 0 else 0.0
    size, _ = _unit(int(gap))
    return min(size - gap % size, _YEAR - gap)


def _unit(seconds: int) -> tuple[int, str]:
    return next((size, unit) for size, unit in _UNITS if seconds >= size)


def _utc(then: datetime) -> datetime:
    if then.tzinfo is None:
        raise ValueError("a time without a zone")
    return then.astimezone(UTC)
