"""Reads dates after Go's layouts: what is not named is the year 0, January 1st, midnight, UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from changeover.gotemplate.quoting import quote
from changeover.gotemplate.sprig.layouts import CHUNK, DAYS, MONTHS, YEARS_OF_A_CYCLE, fixed_zone, named_zone

_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?")
_FRACTION = re.compile(r"[.,](\d+)")
_ZONE = re.compile(r"[A-Z]{3,5}")
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
_MOST = {"month": 12, "hour": 23, "minute": 59, "second": 59}


class BadDate(ValueError):
    """A text that does not follow its layout."""


def read(layout: str, text: str) -> tuple[datetime, int, int]:
    """(moment, nanosecond, what to add to the year) of a text after a layout. Raises BadDate."""
    reader = _Reader(layout, text)
    end = 0
    for match in CHUNK.finditer(layout):
        reader.literal(layout[end : match.start()])
        reader.chunk(match.group(), layout[match.end() :])
        end = match.end()
    reader.literal(layout[end:])
    return reader.moment()


class _Reader:
    def __init__(self, layout: str, text: str) -> None:
        self._layout = layout
        self._text = text
        self._rest = text
        self._values: dict[str, int] = {}
        self._zone: tzinfo = UTC
        self._nanosecond = 0

    def literal(self, wanted: str) -> None:
        for place, sign in enumerate(wanted):
            if sign == " ":
                if self._rest and self._rest[0] != " ":
                    raise self._wrong(wanted[place:])
                self._rest = self._rest.lstrip(" ")
            elif self._rest.startswith(sign):
                self._rest = self._rest[1:]
            else:
                raise self._wrong(wanted[place:])

    def chunk(self, chunk: str, following: str) -> None:
        if chunk[0] in "-Z":
            self._offset(chunk)
        elif chunk[0] in ".,":
            self._fraction(chunk)
        elif chunk == "MST":
            self._zone = named_zone(self._take(_ZONE, chunk))
        elif chunk in {"PM", "pm"}:
            self._values["pm"] = self._word(["AM", "PM"] if chunk == "PM" else ["am", "pm"], chunk)
        elif chunk in {"January", "Jan"}:
            self._values["month"] = 1 + self._word(MONTHS if chunk == "January" else _short(MONTHS), chunk)
        elif chunk in {"Monday", "Mon"}:
            self._word(DAYS if chunk == "Monday" else _short(DAYS), chunk)
        elif chunk == "_":
            self.literal("_")
        else:
            self._number(chunk, following)

    def moment(self) -> tuple[datetime, int, int]:
        if self._rest:
            raise BadDate(f"parsing time {quote(self._text)}: extra text: {quote(self._rest)}")
        values = self._values
        year, hour = values.get("year", 0), values.get("hour", 0)
        if "pm" in values:
            hour = hour % 12 + 12 * values["pm"] if hour <= 12 else hour
        shift = 0 if year else -YEARS_OF_A_CYCLE
        try:
            day = datetime(year - shift, values.get("month", 1), values.get("day", 1), tzinfo=self._zone)
        except ValueError:
            raise self._out_of_range("day") from None
        if "yearday" in values:
            day = day.replace(month=1, day=1) + timedelta(days=values["yearday"] - 1)
        time = {"hour": hour, "minute": values.get("minute", 0), "second": values.get("second", 0)}
        return day.replace(**time), self._nanosecond, shift  # type: ignore[arg-type]

    def _wrong(self, chunk: str) -> BadDate:
        shown = f"parsing time {quote(self._text)} as {quote(self._layout)}"
        return BadDate(f"{shown}: cannot parse {quote(self._rest)} as {quote(chunk)}")

    def _out_of_range(self, name: str) -> BadDate:
        return BadDate(f"parsing time {quote(self._text)}: {name} out of range")

    def _take(self, pattern: re.Pattern[str], chunk: str) -> str:
        match = pattern.match(self._rest)
        if not match:
            raise self._wrong(chunk)
        self._rest = self._rest[match.end() :]
        return match.group()

    def _word(self, words: Sequence[str], chunk: str) -> int:
        for number, word in enumerate(words):
            if self._rest[: len(word)].lower() == word.lower():
                self._rest = self._rest[len(word) :]
                return number
        raise self._wrong(chunk)

    def _number(self, chunk: str, following: str) -> None:
        name, pattern = _NUMBERS[chunk]
        if chunk in {"_2", "__2"}:
            self._rest = self._rest.lstrip(" ")
        value = int(self._take(pattern, chunk))
        if chunk == "06":
            value += 1900 if value >= 69 else 2000
        if value > _MOST.get(name, value) or (name == "month" and not value):
            raise self._out_of_range(name)
        self._values[name] = value
        if name == "second" and self._rest[:1] in {".", ","} and following[:1] not in {".", ","}:
            self._fraction(".999999999")

    def _fraction(self, chunk: str) -> None:
        match = _FRACTION.match(self._rest)
        if match is None:
            if chunk[1] == "0":
                raise self._wrong(chunk)
            return
        digits = match.group(1)
        if chunk[1] == "0" and len(digits) != len(chunk) - 1:
            raise self._wrong(chunk)
        self._nanosecond = int(digits[:9].ljust(9, "0"))
        self._rest = self._rest[match.end() :]

    def _offset(self, chunk: str) -> None:
        if chunk[0] == "Z" and self._rest.startswith("Z"):
            self._rest = self._rest[1:]
            return
        match = _OFFSET.match(self._rest)
        if not match or int(match[2]) > 24 or int(match[3] or 0) > 60:
            raise self._wrong(chunk)
        sign, hours, minutes, seconds = match.groups()
        size = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
        if size >= timedelta(hours=24):
            raise self._wrong(chunk)
        self._zone = fixed_zone(-size if sign == "-" else size)
        self._rest = self._rest[match.end() :]


def _short(names: Sequence[str]) -> list[str]:
    return [name[:3] for name in names]
