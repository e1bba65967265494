"""A text as a YAML scalar, in the style that Go's yaml.v3 chooses (YamlEscape shows it to vendors)."""

from __future__ import annotations

import re

from changeover.package import yaml_text

_SHORT = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e"}
_SHORT |= {'"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P"}
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BAD_BEGIN = re.compile(r"[,\[\]{}#&*!|>'\"%@`]|[-?:](?:\s|$)|---|\.\.\.")
_BAD_INSIDE = re.compile(r":(?:\s|$)|\s#")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_BREAKS = re.compile(r"[\n\r\x85\u2028\u2029]")


def scalar(text: str) -> str:
    """The scalar with its line end; longer texts as an indented block."""
    if "\n" in text and _allows_block(text):
        return _block(text)
    if _needs_quotes_as_other_type(text):
        return _double(text)
    if _UNPRINTABLE.search(text) or _BREAKS.search(text):
        return _double(text)
    if text != text.strip(" ") or "\t" in text[:1] + text[-1:] or _BAD_BEGIN.match(text) or _BAD_INSIDE.search(text):
        return "'" + text.replace("'", "''") + "'\n"
    return text + "\n"


def _needs_quotes_as_other_type(text: str) -> bool:
    return text == "" or yaml_text.scalar(text) is not text or bool(_BASE_60.fullmatch(text)) or text in {"=", "<<"}


def _allows_block(text: str) -> bool:
    return not (_UNPRINTABLE.search(text) or re.search(r" (?:\n|$)|^\n* +\n", text))


def _block(text: str) -> str:
    chomping = "" if text.endswith("\n") else "-"
    if text.endswith("\n\n") or text == "\n":
        chomping = "+"
    hint = "4" if text[0] in " \n" else ""
    lines = text.removesuffix("\n").split("\n") if chomping != "-" else text.split("\n")
    return f"|{hint}{chomping}\n" + "".join(f"    {line}\n" if line else "\n" for line in lines)


def _double(text: str) -> str:
    return '"' + "".join(_escaped(sign) for sign in text) + '"\n'


def _escaped(sign: str) -> str:
    if sign in _SHORT:
        return "\\" + _SHORT[sign]
    if not _UNPRINTABLE.match(sign):
        return sign
    code = ord(sign)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
