"""Go's time layouts: dates written and read after the model of ``Mon Jan 2 15:04:05 MST 2006``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHUNK = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|01|02|03|04|05|06|2006|15|PM|pm|__2|_2(?!006)|(?<!_)_(?=2006)"
    r"|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,](?:0+|9+)(?![0-9])|1|2|3|4|5"
)
YEARS_OF_A_CYCLE = 400
"""The calendar repeats after so many years. The year 0, which Python does not know, is kept as the year 400."""


def zone(name: str) -> tzinfo:
    """A zone by its name; UTC for Local, for nothing and for what is unknown."""
    if name in {"", "UTC", "Local"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def write(moment: datetime, nanosecond: int, layout: str, *, shift: int = 0) -> str:
    """A moment after a layout; `shift` is added to its year."""
    parts, end = [], 0
    for match in CHUNK.finditer(layout):
        parts.append(layout[end : match.start()])
        parts.append(_written(match.group(), moment, nanosecond, moment.year + shift))
        end = match.end()
    return "".join(parts) + layout[end:]


def _written(chunk: str, moment: datetime, nanosecond: int, year: int) -> str:
    if chunk[0] in "-Z":
        return _offset(chunk, moment)
    if chunk[0] in ".,":
        digits = f"{nanosecond:09d}"[: len(chunk) - 1]
        if chunk[1] == "9":
            digits = digits.rstrip("0")
            return chunk[0] + digits if digits else ""
        return chunk[0] + digits
    hour = moment.hour % 12 or 12
    yearday = moment.timetuple().tm_yday
    return {
        "January": MONTHS[moment.month - 1],
        "Jan": MONTHS[moment.month - 1][:3],
        "Monday": DAYS[moment.weekday()],
        "Mon": DAYS[moment.weekday()][:3],
        "MST": _zone_name(moment),
        "002": f"{yearday:03d}",
        "__2": f"{yearday:3d}",
        "01": f"{moment.month:02d}",
        "1": str(moment.month),
        "02": f"{moment.day:02d}",
        "_2": f"{moment.day:2d}",
        "2": str(moment.day),
        "03": f"{hour:02d}",
        "3": str(hour),
        "15": f"{moment.hour:02d}",
        "04": f"{moment.minute:02d}",
        "4": str(moment.minute),
        "05": f"{moment.second:02d}",
        "5": str(moment.second),
        "06": f"{year % 100:02d}",
        "2006": f"{year:04d}",
        "PM": "PM" if moment.hour >= 12 else "AM",
        "pm": "pm" if moment.hour >= 12 else "am",
        "_": "_",
    }[chunk]


def _zone_name(moment: datetime) -> str:
    name = moment.tzname() or "UTC"
    return _offset("-0700", moment) if name.startswith("UTC") and len(name) > 3 else name


def _offset(chunk: str, moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if chunk[0] == "Z" and not seconds:
        return "Z"
    sign, size = ("-" if seconds < 0 else "+"), abs(seconds)
    pieces = [f"{size // 3600:02d}"]
    if len(chunk) > 3:
        pieces.append(f"{size // 60 % 60:02d}")
    if len(chunk) > 6:
        pieces.append(f"{size % 60:02d}")
    return sign + (":" if ":" in chunk else "").join(pieces)


def fixed_zone(size: timedelta) -> tzinfo:
    """A zone that is an offset without a name."""
    return timezone(size) if size else UTC


def named_zone(name: str) -> tzinfo:
    """A zone of which only the abbreviation is known: Go gives it no offset."""
    return UTC if name == "UTC" else timezone(timedelta(), name)
