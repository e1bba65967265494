"""How figures are said to people: one way, in terminal, Markdown, pages."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """``0.3 s``, ``42 s``, ``4 min``, ``4 min 10 s``, ``2 h 5 min``; a dash when unknown."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")


def span(minutes: int) -> str:
    """How long something is by the calendar: ``45 min``, ``3 h``, ``1 h 30 min``, ``2 days``."""
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    told = [counted(days, "day")] if days else []
    told += [f"{hours} h"] if hours else []
    told += [f"{left} min"] if left or not told else []
    return " ".join(told)


def size(count: int) -> str:
    """``812 bytes``, ``4.1 KiB``, ``1.2 GiB``."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError


def counted(number: int, noun: str) -> str:
    """``1 session``, ``40 sessions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
