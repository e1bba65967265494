"""Analyzers of a machine: cpu, memory, disks and their devices, hostOS, time, ipv4Interfaces. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from changeover.checks.finding import CannotJudge, Finding, NotCollected
from changeover.checks.hosts import ROOT, Judge, nodes, of_file
from changeover.checks.outcomes import compare, entries, equality, first, said, whole, words
from changeover.checks.texts import pattern_of
from changeover.package.application import mapping, mappings, text, texts
from changeover.quantity import amount

_V1 = frozenset({"cmov", "cx8", "fpu", "fxsr", "mmx", "syscall", "sse", "sse2"})
_V2 = _V1 | {"cx16", "lahf_lm", "popcnt", "ssse3", "sse4_1", "sse4_2"}
_V3 = _V2 | {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
_V4 = _V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
_LEVELS = {"x86-64": _V1, "x86-64-v2": _V2, "x86-64-v3": _V3, "x86-64-v4": _V4}
"""Flags of the levels of the x86-64 psABI."""
_DURATION = re.compile(r"^(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)?$")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PERCENTILE = re.compile(r"^p(\d{1,2})(\d*)$")
_NUMBERS = re.compile(r"^v?(\d+(?:\.\d+)*)")


def _cpu(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    told = mapping(json.loads(content))
    logical, physical = int(told.get("logicalCount") or 0), int(told.get("physicalCount") or 0)
    counts = {"logical": logical, "physical": physical, "count": max(logical, physical)}
    flags = set(texts(told.get("flags")))

    def holds(when: str) -> bool:
        parts = when.split()
        if len(parts) == 2 and parts[0] == "supports":
            if parts[1] not in _LEVELS:
                raise CannotJudge(f"{parts[1]} is no known level of processors")
            return flags >= _LEVELS[parts[1]]
        if len(parts) == 2 and parts[0] == "hasFlags":
            return flags >= set(parts[1].split(","))
        what, operator, wanted = ("count", *parts) if len(parts) == 2 else words(when, 3)
        if what == "machineArch":
            return equality(operator, text(told.get("machineArch")), wanted)
        if what not in counts:
            raise CannotJudge(f"{what} is not known of processors")
        return compare(operator, counts[what], whole(wanted))

    return [first(spec, title, holds, measured=f"{logical} logical, {physical} physical")]


def _memory(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    total = _bytes(mapping(json.loads(content)), "total")

    def holds(when: str) -> bool:
        operator, wanted = words(when, 2)
        return compare(operator, total, _quantity(wanted))

    return [first(spec, title, holds, measured=_gibibytes(total))]


def _disk(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    told = mapping(json.loads(content))
    total, used = _bytes(told, "total_bytes"), _bytes(told, "used_bytes")
    sizes = {"total": total, "used": used, "available": total - used}

    def holds(when: str) -> bool:
        what, operator, wanted = words(when, 3)
        part, _, whole_of = what.partition("/")
        if part not in sizes or whole_of not in {"", "total"}:
            raise CannotJudge(f"{what} is not known of disks")
        if not whole_of:
            return compare(operator, sizes[part], _quantity(wanted))
        if not total:
            raise CannotJudge("the disk has no size")
        return compare(operator, Fraction(sizes[part], total), _share(wanted))

    return [first(spec, title, holds, measured=f"{_gibibytes(used)} of {_gibibytes(total)} used")]


def _bytes(told: Mapping[str, Any], name: str) -> int:
    if name not in told:
        raise CannotJudge(f"{name} was not collected")
    return int(told[name])


def _gibibytes(count: int) -> str:
    return f"{count / 1024**3:.2f}Gi"


def _quantity(wanted: str) -> Fraction:
    found = amount(wanted)
    if found is None:
        raise CannotJudge(f"{wanted} is no quantity")
    return found


def _share(wanted: str) -> Fraction:
    try:
        return Fraction(wanted.removesuffix("%")) / (100 if wanted.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        raise CannotJudge(f"{wanted} is no share") from None


def _os(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """``<platform, family or kernelVersion> <op> v``, more of them after && and ||; && binds more."""
    told = {key: text(value) for key, value in mapping(json.loads(content)).items()}
    versions = {told.get("platform", ""): told.get("platformVersion", "")}
    versions[told.get("platformFamily", "")] = told.get("platformVersion", "")
    versions["kernelVersion"] = told.get("kernelVersion", "")
    versions[f"{told.get('platform')}-{told.get('platformVersion')}-kernel"] = told.get("kernelVersion", "")

    def holds(when: str) -> bool:
        parts = when.split()
        if len(parts) < 3:
            raise CannotJudge(f"the condition {when!r} cannot be read")
        name, conditions = parts[0], " ".join(parts[1:])
        read = [[words(one, 2) for one in group.split("&&")] for group in conditions.split("||")]
        if name not in versions:
            return False
        found = _version(versions[name])
        return any(all(_compared(op, found, _version(wanted)) for op, wanted in group) for group in read)

    measured = f"{told.get('platform')} {told.get('platformVersion')}, kernel {told.get('kernelVersion')}"
    return [first(spec, title, holds, measured=measured)]


def _version(written: str) -> list[int]:
    read = _NUMBERS.match(written)
    if read is None:
        raise CannotJudge(f"{written!r} is no version")
    numbers = [int(one) for one in read[1].split(".")][:6]
    return numbers + [0] * (6 - len(numbers))


def _compared(operator: str, found: list[int], wanted: list[int]) -> bool:
    return compare(operator, (found > wanted) - (found < wanted), 0)


def _time(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    told = mapping(json.loads(content))
    synchronized = "synchronized" if told.get("ntp_synchronized") else "unsynchronized"
    values = {
        "ntp": f"{synchronized}+{'active' if told.get('ntp_active') else 'inactive'}",
        "timezone": text(told.get("timezone")),
    }

    def holds(when: str) -> bool:
        what, operator, wanted = words(when, 3)
        if what not in values:
            raise CannotJudge(f"{what} is not known of clocks")
        return equality(operator, values[what], wanted)

    return [first(spec, title, holds, measured=f"ntp {values['ntp']}, timezone {values['timezone']}")]


def _interfaces(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    count = len(json.loads(content) or ())

    def holds(when: str) -> bool:
        what, operator, wanted = words(when, 3)
        if what != "count":
            raise CannotJudge(f"{what} is not known of interfaces")
        return compare(operator, count, whole(wanted))

    return [first(spec, title, holds, measured=f"{count} interfaces")]


def _devices(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """``<pattern> <op> N``: how many devices with fitting names are whole, empty and large enough."""
    devices = mappings(json.loads(content))
    kinds = {"disk", *texts(spec.get("additionalDeviceTypes")), *_partitions(spec)}
    parents = {text(one.get("parent_kernel_name")) for one in devices}
    least = int(spec.get("minimumAcceptableSize") or 0)
    empty = [text(one.get("name")) for one in devices if _is_empty(one, kinds, parents) and int(one["size"]) >= least]

    def holds(when: str) -> bool:
        pattern, operator, wanted = words(when, 3)
        compiled = pattern_of(pattern)
        return compare(operator, sum(compiled.is_in(name) for name in empty), whole(wanted))

    return [first(spec, title, holds, measured=f"empty: {', '.join(empty) or 'none'}")]


def _partitions(spec: Mapping[str, Any]) -> tuple[str, ...]:
    return ("part",) if spec.get("includeUnmountedPartitions") else ()


def _is_empty(device: Mapping[str, Any], kinds: set[str], parents: set[str]) -> bool:
    used = any(device.get(one) for one in ("filesystem_type", "mountpoint", "read_only", "removable"))
    return device.get("type") in kinds and not used and device.get("kernel_name") not in parents


def file_performance(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """``p99 < 10ms`` of fio's job `fsperf`; without a file ``fileNotCollected`` alone holds."""
    name = text(spec.get("collectorName")) or "filesystemPerformance"
    path = f"{ROOT}/filesystemPerformance/{name}.json"
    title = text(spec.get("checkName")) or "Filesystem Performance"
    try:
        present = path in files or bool(nodes(files, path))
    except CannotJudge:
        present = False
    if present:
        return of_file("filesystemPerformance", f"{name}.json", title, _latencies)(spec, files)
    for verdict, outcome in entries(spec):
        if outcome.get("when") == "fileNotCollected":
            return [said(verdict, title, outcome)]
    raise NotCollected(path)


def _latencies(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    jobs = [one for one in mappings(mapping(json.loads(content)).get("jobs")) if one.get("jobname") == "fsperf"]
    if not jobs:
        raise CannotJudge("fio ran no job called fsperf")
    told = mapping(mapping(jobs[0].get("sync")).get("lat_ns"))

    def holds(when: str) -> bool:
        if when == "fileNotCollected":
            return False
        what, operator, wanted = words(when, 3)
        return compare(operator, _latency(told, what), _duration(wanted))

    measured = f"p99 = {float(_latency(told, 'p99') / 10**6):.3f}ms" if told.get("percentile") else ""
    data = {_shown(key): value for key, value in mapping(told.get("percentile")).items()}
    return [first(spec, title, holds, data={"Min": told.get("min"), "Max": told.get("max"), **data}, measured=measured)]


def _shown(percentile: str) -> str:
    return "P" + percentile.rstrip("0").rstrip(".").replace(".", "")


def _latency(told: Mapping[str, Any], what: str) -> Fraction:
    plain = {"min": "min", "max": "max", "average": "mean"}
    if what in plain:
        return Fraction(told[plain[what]])
    read = _PERCENTILE.match(what.lower())
    if read is None:
        raise CannotJudge(f"{what} is not known of latencies")
    return Fraction(mapping(told.get("percentile"))[f"{int(read[1])}.{read[2]:0<6}"])


def _duration(wanted: str) -> Fraction:
    read = _DURATION.match(wanted)
    if read is None:
        raise CannotJudge(f"{wanted} is no duration")
    return Fraction(read[1]) * _NANOSECONDS[read[2] or "ns"]


JUDGES: Mapping[str, Judge] = {
    "cpu": of_file("system", "cpu.json", "Number of CPUs", _cpu),
    "memory": of_file("system", "memory.json", "Amount of Memory", _memory),
    "diskUsage": of_file("diskUsage", "*.json", "Disk Usage *", _disk),
    "hostOS": of_file("system", "hostos_info.json", "Host OS Info", _os),
    "time": of_file("system", "time.json", "Time", _time),
    "ipv4Interfaces": of_file("system", "ipv4Interfaces.json", "IPv4 Interfaces", _interfaces),
    "blockDevices": of_file("system", "block_devices.json", "Block Devices", _devices),
    "filesystemPerformance": file_performance,
}
