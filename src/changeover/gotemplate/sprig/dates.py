"""Sprig's functions on dates. The zone called Local is UTC: results must not depend on who renders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, ClassVar

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sources import Sources
from changeover.gotemplate.sprig import date_reading, durations, layouts
from changeover.gotemplate.values import Int64, Struct, is_integer

_PLAIN = "2006-01-02"
_SHOWN = "2006-01-02 15:04:05.999999999 -0700 MST"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CYCLE = -146_097 * 86_400
"""Seconds of 400 years, back."""


class Named(Struct):
    """A month or weekday: a `number` that prints as its name."""

    __slots__ = ("number", "text")
    is_stringer: ClassVar[bool] = True

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text

    def __str__(self) -> str:
        return self.text


class Moment(Struct):
    """Go's time.Time."""

    __slots__ = ("nanosecond", "shift", "value")
    go_type: ClassVar[str] = "time.Time"
    is_stringer: ClassVar[bool] = True

    def __init__(self, value: datetime, nanosecond: int = 0, shift: int = 0) -> None:
        self.value, self.shift = value.replace(microsecond=0), shift
        self.nanosecond = nanosecond or value.microsecond * 1000

    def __str__(self) -> str:
        return self.written(_SHOWN)

    def written(self, layout: str) -> str:
        """The moment after a layout."""
        return layouts.write(self.value, self.nanosecond, layout, shift=self.shift)

    def go_json(self) -> str:
        """RFC 3339 with nanoseconds."""
        return self.written("2006-01-02T15:04:05.999999999Z07:00")

    def inside(self, zone: tzinfo) -> Moment:
        """The same moment in a zone."""
        return Moment(self.value.astimezone(zone), self.nanosecond, self.shift)

    def unix(self) -> int:
        """Seconds since 1970."""
        return int((self.value - _EPOCH).total_seconds()) + (_CYCLE if self.shift else 0)

    def plus(self, nanoseconds: int) -> Moment:
        """So much later. Raises CallFailed beyond the year 9999."""
        seconds, rest = divmod(self.nanosecond + nanoseconds, durations.SECOND)
        try:
            return Moment(self.value + timedelta(seconds=seconds), rest, self.shift)
        except OverflowError:
            raise CallFailed("the date is out of range") from None

    def rank(self) -> tuple[int, int]:
        """Orders moments."""
        return self.unix(), self.nanosecond

    def go_methods(self) -> Mapping[str, tuple[Callable[..., Any], str]]:
        """What templates ask a time."""
        value = self.value
        return {
            "Format": (self.written, "string"),
            "String": (lambda: str(self), ""),
            "Year": (lambda: value.year + self.shift, ""),
            "Month": (lambda: Named(value.month, layouts.MONTHS[value.month - 1]), ""),
            "Day": (lambda: value.day, ""),
            "Hour": (lambda: value.hour, ""),
            "Minute": (lambda: value.minute, ""),
            "Second": (lambda: value.second, ""),
            "Nanosecond": (lambda: self.nanosecond, ""),
            "Weekday": (lambda: Named(value.isoweekday() % 7, layouts.DAYS[value.weekday()]), ""),
            "YearDay": (lambda: value.timetuple().tm_yday, ""),
            "Unix": (lambda: Int64(self.unix()), ""),
            "UnixMilli": (lambda: Int64(self.unix() * 1000 + self.nanosecond // 1_000_000), ""),
            "UnixNano": (lambda: Int64(self.unix() * durations.SECOND + self.nanosecond), ""),
            "UTC": (lambda: self.inside(UTC), ""),
            "Local": (lambda: self.inside(UTC), ""),
            "IsZero": (lambda: self.rank() == ZERO.rank(), ""),
            "Before": (lambda other: self.rank() < other.rank(), "time.Time"),
            "After": (lambda other: self.rank() > other.rank(), "time.Time"),
            "Equal": (lambda other: self.rank() == other.rank(), "time.Time"),
        }


ZERO = Moment(datetime(1, 1, 1, tzinfo=UTC))


def functions(sources: Sources) -> dict[str, Function]:
    """The date functions; what is no date counts as now."""

    def now() -> Moment:
        return Moment(sources.now().astimezone(UTC))

    def moment(date: Any) -> Moment:
        if isinstance(date, Moment):
            return date
        return _from_unix(int(date)) if is_integer(date) else now()

    def in_zone(layout: str, date: Any, zone: str = "Local") -> str:
        return moment(date).inside(layouts.zone(zone)).written(layout)

    def ago(date: Any) -> str:
        seconds = sources.now().timestamp() - moment(date).unix()
        return durations.to_text(round(seconds) * durations.SECOND)

    def duration_round(value: Any) -> str:
        if isinstance(value, Moment):
            return durations.rounded(int((sources.now().timestamp() - value.unix()) * durations.SECOND))
        size = durations.parse(value) if isinstance(value, str) else value if type(value) is Int64 else 0
        return durations.rounded(size or 0)

    return table(
        {
            "now": (now, ""),
            "ago": (ago, "any"),
            "date": (in_zone, "string any"),
            "htmlDate": (lambda date: in_zone(_PLAIN, date), "any"),
            "htmlDateInZone": (lambda date, zone: in_zone(_PLAIN, date, zone), "any string"),
            "durationRound": (duration_round, "any"),
            **dict.fromkeys(("dateInZone", "date_in_zone"), (in_zone, "string any string")),
            **_FIXED,
        }
    )


def _from_unix(seconds: int) -> Moment:
    try:
        return Moment(_EPOCH + timedelta(seconds=seconds))
    except OverflowError:
        raise CallFailed("the date is out of range") from None


def _modify(change: str, date: Moment) -> Moment:
    size = durations.parse(change)
    return date if size is None else date.plus(size)


def _must_modify(change: str, date: Moment) -> Moment:
    size = durations.parse(change)
    if size is None:
        raise CallFailed(f'time: invalid duration "{change}"')
    return date.plus(size)


def _duration(value: Any) -> str:
    if type(value) is Int64:
        return durations.to_text(value * durations.SECOND)
    if isinstance(value, str) and value.lstrip("+-").isdigit():
        return durations.to_text(int(value) * durations.SECOND)
    return "0s"


def _to_date(layout: str, text: str) -> Moment:
    try:
        return Moment(*date_reading.read(layout, text))
    except date_reading.BadDate:
        return ZERO


def _must_to_date(layout: str, text: str) -> Moment:
    try:
        return Moment(*date_reading.read(layout, text))
    except date_reading.BadDate as error:
        raise CallFailed(str(error)) from None


_FIXED: dict[str, tuple[Callable[..., Any], str]] = {
    **dict.fromkeys(("dateModify", "date_modify"), (_modify, "string time.Time")),
    **dict.fromkeys(("mustDateModify", "must_date_modify"), (_must_modify, "string time.Time")),
    "duration": (_duration, "any"),
    "toDate": (_to_date, "string string"),
    "mustToDate": (_must_to_date, "string string"),
    "unixEpoch": (lambda date: str(date.unix()), "time.Time"),
}
