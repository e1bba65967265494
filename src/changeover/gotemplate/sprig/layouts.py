"""Go's time layouts: dates written and read after the model of ``Mon Jan 2 15:04:05 MST 2006``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_CHUNK = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|01|02|03|04|05|06|2006|15|PM|pm|__2|_2(?!006)|(?<!_)_(?=2006)"
    r"|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,](?:0+|9+)(?![0-9])|1|2|3|4|5"
)
_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?")
_FRACTION = re.compile(r"[.,](\d+)")


class BadDate(ValueError):
    """A text that does not follow its layout."""


def zone(name: str) -> tzinfo:
    """A zone by its name; UTC for Local, for nothing and for what is unknown."""
    if name in {"", "UTC", "Local"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def write(moment: datetime, nanosecond: int, layout: str) -> str:
    """A moment after a layout."""
    parts, end = [], 0
    for match in _CHUNK.finditer(layout):
        parts.append(layout[end : match.start()])
        parts.append(_written(match.group(), moment, nanosecond))
        end = match.end()
    return "".join(parts) + layout[end:]


def _written(chunk: str, moment: datetime, nanosecond: int) -> str:
    if chunk[0] in "-Z":
        return _offset(chunk, moment)
    if chunk[0] in ".,":
        digits = f"{nanosecond:09d}"[: len(chunk) - 1]
        if chunk[1] == "9":
            digits = digits.rstrip("0")
            return chunk[0] + digits if digits else ""
        return chunk[0] + digits
    hour = moment.hour % 12 or 12
    return {
        "January": MONTHS[moment.month - 1],
        "Jan": MONTHS[moment.month - 1][:3],
        "Monday": DAYS[moment.weekday()],
        "Mon": DAYS[moment.weekday()][:3],
        "MST": _zone_name(moment),
        "002": f"{moment.timetuple().tm_yday:03d}",
        "__2": f"{moment.timetuple().tm_yday:3d}",
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
        "06": f"{moment.year % 100:02d}",
        "2006": f"{moment.year:04d}",
        "PM": "PM" if moment.hour >= 12 else "AM",
        "pm": "pm" if moment.hour >= 12 else "am",
        "_": "_",
    }[chunk]


def _zone_name(moment: datetime) -> str:
    name = moment.tzname() or "UTC"
    if name.startswith("UTC") and len(name) > 3:
        return _offset("-0700" if moment.utcoffset().seconds % 3600 else "-07", moment)  # type: ignore[union-attr]
    return name


def _offset(chunk: str, moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    seconds = int(offset.total_seconds())
    if chunk[0] == "Z" and not seconds:
        return "Z"
    sign, size = ("-" if seconds < 0 else "+"), abs(seconds)
    pieces = [f"{size // 3600:02d}"]
    if len(chunk) > 3:
        pieces.append(f"{size // 60 % 60:02d}")
    if len(chunk) > 6:
        pieces.append(f"{size % 60:02d}")
    return sign + (":" if ":" in chunk else "").join(pieces)


def read(layout: str, text: str) -> tuple[datetime, int]:
    """(moment, nanosecond) of a text after a layout, in UTC unless it names an offset. Raises BadDate."""
    reader = _Reader(text)
    end = 0
    for match in _CHUNK.finditer(layout):
        reader.literal(layout[end : match.start()])
        reader.chunk(match.group(), layout[match.end() :])
        end = match.end()
    reader.literal(layout[end:])
    return reader.moment(layout)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = text
        self._values: dict[str, int] = {}
        self._zone: tzinfo = UTC
        self._nanosecond = 0

    def literal(self, wanted: str) -> None:
        for sign in wanted:
            if sign == " ":
                if self._rest and self._rest[0] != " ":
                    raise self._wrong()
                self._rest = self._rest.lstrip(" ")
            elif self._rest.startswith(sign):
                self._rest = self._rest[1:]
            else:
                raise self._wrong()

    def chunk(self, chunk: str, following: str) -> None:
        if chunk[0] in "-Z":
            self._read_offset(chunk)
        elif chunk[0] in ".,":
            self._fraction(chunk)
        elif chunk == "MST":
            self._take(re.compile(r"[A-Z]{3,5}"))
        elif chunk in {"PM", "pm"}:
            self._values["pm"] = self._word(["AM" if chunk == "PM" else "am", chunk])
        elif chunk in {"January", "Jan"}:
            self._values["month"] = 1 + self._word(MONTHS if chunk == "January" else [name[:3] for name in MONTHS])
        elif chunk in {"Monday", "Mon"}:
            self._word(DAYS if chunk == "Monday" else [name[:3] for name in DAYS])
        elif chunk == "_":
            self.literal("_")
        else:
            self._number(chunk, following)

    def moment(self, layout: str) -> tuple[datetime, int]:
        if self._rest:
            raise BadDate(f'parsing time "{self._text}": extra text: "{self._rest}"')
        values = self._values
        hour = values.get("hour", 0)
        if "pm" in values:
            hour = hour % 12 + 12 * values["pm"] if hour <= 12 else hour
        try:
            found = datetime(
                values.get("year", 1),
                values.get("month", 1),
                values.get("day", 1),
                hour,
                values.get("minute", 0),
                values.get("second", 0),
                tzinfo=self._zone,
            )
        except ValueError:
            raise BadDate(f'parsing time "{self._text}": value out of range for "{layout}"') from None
        if "yearday" in values:
            found = found.replace(month=1, day=1) + timedelta(days=values["yearday"] - 1)
        return found, self._nanosecond

    def _wrong(self) -> BadDate:
        return BadDate(f'parsing time "{self._text}": cannot parse "{self._rest}"')

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._rest)
        if not match:
            raise self._wrong()
        self._rest = self._rest[match.end() :]
        return match.group()

    def _word(self, words: list[str]) -> int:
        for number, word in enumerate(words):
            if self._rest[: len(word)].lower() == word.lower():
                self._rest = self._rest[len(word) :]
                return number
        raise self._wrong()

    def _number(self, chunk: str, following: str) -> None:
        name, pattern = _NUMBERS[chunk]
        if chunk in {"_2", "__2"}:
            self._rest = self._rest.lstrip(" ") if self._rest[:1] == " " else self._rest
        value = int(self._take(pattern))
        if chunk == "06":
            value += 1900 if value >= 69 else 2000
        self._values[name] = value
        if name == "second" and self._rest[:1] in {".", ","} and following[:1] not in {".", ","}:
            self._fraction(".999999999")

    def _fraction(self, chunk: str) -> None:
        match = _FRACTION.match(self._rest)
        if match is None:
            if chunk[1] == "0":
                raise self._wrong()
            return
        digits = match.group(1)
        if chunk[1] == "0" and len(digits) != len(chunk) - 1:
            raise self._wrong()
        self._nanosecond = int(digits[:9].ljust(9, "0"))
        self._rest = self._rest[match.end() :]

    def _read_offset(self, chunk: str) -> None:
        if chunk[0] == "Z" and self._rest.startswith("Z"):
            self._rest = self._rest[1:]
            return
        match = _OFFSET.match(self._rest)
        if not match:
            raise self._wrong()
        sign, hours, minutes, seconds = match.groups()
        size = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
        if size >= timedelta(hours=24):
            raise self._wrong()
        self._zone = timezone(-size if sign == "-" else size) if size else UTC
        self._rest = self._rest[match.end() :]


_TWO, _ONE_OR_TWO = re.compile(r"\d\d"), re.compile(r"\d\d?")
_NUMBERS: dict[str, tuple[str, re.Pattern[str]]] = {
    "2006": ("year", re.compile(r"\d{4}")),
    "06": ("year", _TWO),
    "01": ("month", _TWO),
    "1": ("month", _ONE_OR_TWO),
    "02": ("day", _ONE_OR_TWO),
    "_2": ("day", _ONE_OR_TWO),
    "2": ("day", _ONE_OR_TWO),
    "002": ("yearday", re.compile(r"\d{3}")),
    "__2": ("yearday", re.compile(r"\d{1,3}")),
    "15": ("hour", _ONE_OR_TWO),
    "03": ("hour", _TWO),
    "3": ("hour", _ONE_OR_TWO),
    "04": ("minute", _TWO),
    "4": ("minute", _ONE_OR_TWO),
    "05": ("second", _TWO),
    "5": ("second", _ONE_OR_TWO),
}
