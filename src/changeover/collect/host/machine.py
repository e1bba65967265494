"""What the machine is: cpu, memory, disks and their devices, hostOS, time, ipv4Interfaces."""

from __future__ import annotations

import asyncio
import contextlib
import json
import platform
import re
import shlex
import shutil
import socket
from pathlib import Path
from typing import Any

import psutil

from changeover.collect.host.programs import answer
from changeover.collect.scene import CannotCollect, Scene

FOLDER = "host-collectors/system"
_FLAGS = re.compile(r"^(?:flags|Features)\s*:\s*(.*)$", re.MULTILINE)
_COLUMNS = "NAME,KNAME,PKNAME,TYPE,MAJ:MIN,SIZE,FSTYPE,MOUNTPOINT,SERIAL,RO,RM"


async def cpu(scene: Scene) -> None:
    """``system/cpu.json``: how many, and what they can."""
    told = {
        "logicalCount": psutil.cpu_count() or 0,
        "physicalCount": psutil.cpu_count(logical=False) or 0,
        "flags": _flags(Path("/proc/cpuinfo")),
        "machineArch": platform.machine(),
    }
    scene.sink.write_json(f"{FOLDER}/cpu.json", told)


def _flags(file: Path) -> list[str]:
    found = _FLAGS.search(file.read_text()) if file.exists() else None
    return found[1].split() if found else []


async def memory(scene: Scene) -> None:
    """``system/memory.json``: bytes in all."""
    scene.sink.write_json(f"{FOLDER}/memory.json", {"total": psutil.virtual_memory().total})


async def host_os(scene: Scene) -> None:
    """``system/hostos_info.json``, of os-release where there is one."""
    scene.sink.write_json(f"{FOLDER}/hostos_info.json", described(scene.root))


def described(root: Path) -> dict[str, str]:
    """The name, family and versions of the system whose files lie at `root`."""
    told = {
        "name": socket.gethostname(),
        "kernelVersion": platform.release(),
        "platform": platform.system().lower(),
        "platformFamily": platform.system().lower(),
        "platformVersion": platform.mac_ver()[0] or platform.version(),
    }
    release = _release(root)
    if not release:
        return told
    own = release.get("ID") or "linux"
    family = (release.get("ID_LIKE") or own).split()[0]
    return {
        **told,
        "platform": own,
        "platformFamily": family,
        "platformVersion": release.get("VERSION_ID", ""),
    }


def _release(root: Path) -> dict[str, str]:
    """``os-release``: assignments as a shell reads them."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        with contextlib.suppress(OSError, ValueError):
            lines = (line.partition("=") for line in (root / name).read_text().splitlines() if "=" in line)
            return {key: "".join(shlex.split(value)) for key, _, value in lines if not key.startswith("#")}
    return {}


async def time(scene: Scene) -> None:
    """``system/time.json``: the zone, and whether the clock is kept right."""
    lines = (line.partition("=") for line in (await answer(scene.root, "timedatectl", "show")).splitlines())
    said = {name: value for name, _, value in lines}
    told = {
        "timezone": said.get("Timezone", ""),
        "ntp_synchronized": said.get("NTPSynchronized") == "yes",
        "ntp_active": said.get("NTP") == "yes",
    }
    scene.sink.write_json(f"{FOLDER}/time.json", told)


async def interfaces(scene: Scene) -> None:
    """``system/ipv4Interfaces.json``: those that are up and have an address of IPv4, without loopback."""
    states = psutil.net_if_stats()
    addresses = {
        name: [one.address for one in found if one.family == socket.AF_INET]
        for name, found in psutil.net_if_addrs().items()
    }
    told = [
        {"Name": name, "MTU": states[name].mtu, "Addresses": found}
        for name, found in sorted(addresses.items())
        if found and states[name].isup and not all(one.startswith("127.") for one in found)
    ]
    scene.sink.write_json(f"{FOLDER}/ipv4Interfaces.json", told)


def at(scene: Scene, path: str) -> Path:
    """Where a path of the machine lies."""
    return scene.root / path.lstrip("/")


async def disk_usage(scene: Scene) -> None:
    """``diskUsage/<name>.json`` of a path; of its nearest parent when it is not there yet."""
    path = at(scene, scene.said("path") or "/")
    there = next(one for one in (path, *path.parents, scene.root) if one.exists())
    usage = await asyncio.to_thread(shutil.disk_usage, there)
    told = {"total_bytes": usage.total, "used_bytes": usage.total - usage.free}
    scene.sink.write_json(f"host-collectors/diskUsage/{scene.said('collectorName', 'diskUsage')}.json", told)


async def block_devices(scene: Scene) -> None:
    """``system/block_devices.json``, as lsblk sees them."""
    said = await answer(scene.root, "lsblk", "--json", "--list", "--bytes", "--output", _COLUMNS)
    try:
        devices = json.loads(said)["blockdevices"]
    except (ValueError, KeyError, TypeError):
        raise CannotCollect("lsblk says something unexpected", found=said[:100]) from None
    scene.sink.write_json(f"{FOLDER}/block_devices.json", [_device(one) for one in devices])


def _device(said: dict[str, Any]) -> dict[str, Any]:
    major, _, minor = str(said["maj:min"]).partition(":")
    return {
        "name": said["name"],
        "kernel_name": said["kname"],
        "parent_kernel_name": said["pkname"] or "",
        "type": said["type"],
        "major": int(major),
        "minor": int(minor),
        "size": int(said["size"]),
        "filesystem_type": said["fstype"] or "",
        "mountpoint": said["mountpoint"] or "",
        "serial": said["serial"] or "",
        "read_only": bool(said["ro"]),
        "removable": bool(said["rm"]),
    }
