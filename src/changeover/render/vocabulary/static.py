"""The vendor's plain functions: time, texts, numbers, the cluster."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from changeover.package import yaml_text
from changeover.render.admission import parse_bool
from changeover.render.context import Context
from changeover.render.engine.sprig import encoding, numbers, texts

_LAYOUT = {
    "2006": "%Y",
    "January": "%B",
    "Monday": "%A",
    "Jan": "%b",
    "Mon": "%a",
    "MST": "%Z",
    "Z07:00": "Z",
    "01": "%m",
    "02": "%d",
    "03": "%I",
    "04": "%M",
    "05": "%S",
    "06": "%y",
    "15": "%H",
    "PM": "%p",
    "pm": "%p",
}
_LAYOUT_PART = re.compile("|".join(sorted(_LAYOUT, key=len, reverse=True)))
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def go_time(moment: datetime, layout: str) -> str:
    """Format by Go's reference time."""
    return moment.strftime(_LAYOUT_PART.sub(lambda match: _LAYOUT[match.group()], layout.replace("%", "%%")))


def parse_time(layout: str, text: str) -> datetime:
    """Read a moment by Go's reference time; what does not fit is the zero time, as sprig gives."""
    form = _LAYOUT_PART.sub(lambda match: _LAYOUT[match.group()], layout.replace("%", "%%"))
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return datetime(1, 1, 1, tzinfo=UTC)


def human_size(size: Any) -> str:
    """Decimal units with four significant digits: 1024 -> 1.024kB."""
    amount, unit = numbers.number(size), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.4g}{_UNITS[unit]}"


def yaml_escape(text: str) -> str:
    """A YAML scalar, indented by 20 blanks."""
    return texts.indent(20, _scalar(text) + "\n")


def _scalar(text: str) -> str:
    if "\n" in text:
        kept = "+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-"
        return f"|{kept}\n" + texts.indent(4, text.rstrip("\n") if kept != "+" else text[:-1])
    if text == "" or yaml_text.scalar(text) is not text:
        return f'"{text}"'
    return yaml_text.dump(text).rstrip("\n").removesuffix("...").rstrip("\n")


def _arithmetic(name: str) -> Callable[[Any, Any], Any]:
    def calculate(one: Any, other: Any) -> Any:
        if isinstance(one, float) or isinstance(other, float):
            left, right = numbers.number(one), numbers.number(other)
            if name == "Div":
                return left / right if right else math.copysign(math.inf, left)
        else:
            left, right = _whole(one), _whole(other)
            if name == "Div":
                return numbers.divide(left, right)
        return {"Add": left + right, "Sub": left - right, "Mult": left * right}[name]

    return calculate


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _float(text: str) -> float:
    try:
        return float(text) if text.strip() == text else 0.0
    except ValueError:
        return 0.0


def _int(text: str, base: int = 10, *, signed: bool = True) -> int:
    try:
        value = int(text, base)
    except ValueError:
        return 0
    low, high = (-(2**63), 2**63 - 1) if signed else (0, 2**64 - 1)
    if "_" in text or text != text.strip():
        return 0
    return value if low <= value <= high else 0


def _split(text: str, separator: str) -> list[str]:
    return texts.go_split(text, separator)


def _trim(text: str, *cutsets: str) -> str:
    return text.strip("".join(cutsets)) if cutsets else text.strip()


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        return ""


def functions(context: Context) -> dict[str, Callable[..., Any]]:
    """The static functions."""
    cluster, proxy = context.cluster, context.proxy
    version = context.kubernetes_version.lstrip("v").split(".")
    known = bool(context.kubernetes_version)
    return {
        "Now": lambda: context.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "NowFmt": lambda layout: go_time(context.now, layout) if layout else context.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "now": lambda: context.now,
        "date": lambda layout, moment: go_time(moment, layout) if isinstance(moment, datetime) else "",
        "toDate": parse_time,
        "ToLower": str.lower,
        "ToUpper": str.upper,
        "TrimSpace": str.strip,
        "Trim": _trim,
        "UrlEncode": lambda text: quote_plus(text, safe="~"),
        "Base64Encode": encoding.encode64,
        "Base64Decode": _decode,
        "Split": _split,
        "Add": _arithmetic("Add"),
        "Sub": _arithmetic("Sub"),
        "Mult": _arithmetic("Mult"),
        "Div": _arithmetic("Div"),
        "ParseBool": lambda text: parse_bool(text) or False,
        "ParseFloat": _float,
        "ParseInt": _int,
        "ParseUint": lambda text, base=10: _int(text, base, signed=False),
        "HumanSize": human_size,
        "YamlEscape": yaml_escape,
        "Namespace": lambda: context.namespace,
        "KotsVersion": lambda: "",
        "IsKurl": lambda: cluster.kurl is not None,
        "Distribution": lambda: cluster.distribution,
        "NodeCount": lambda: cluster.nodes,
        "HTTPProxy": lambda: proxy.http,
        "HTTPSProxy": lambda: proxy.https,
        "NoProxy": lambda: proxy.none,
        "PrivateCACert": lambda: proxy.certificates,
        "KubernetesVersion": lambda: ".".join(version) if known else "0.0.0+unknown",
        "KubernetesMajorVersion": lambda: version[0] if known else "",
        "KubernetesMinorVersion": lambda: version[1] if known and len(version) > 1 else "",
        "Lookup": lambda api, kind, namespace, name: dict(cluster.objects.get((api, kind, namespace, name), {})),
    }
