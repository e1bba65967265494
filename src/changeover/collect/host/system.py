"""What the machine's system is made of: kernel modules, settings and services, packages."""

from __future__ import annotations

import asyncio
import gzip
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from changeover.collect.host import machine
from changeover.collect.host.machine import FOLDER
from changeover.collect.host.programs import answer, ask
from changeover.collect.scene import CannotCollect, Scene
from changeover.package.application import texts

LONGEST = 4096
"""Characters of a kernel's setting that are kept."""

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "debian": ("dpkg-query", "--status", "--"),
    "ubuntu": ("dpkg-query", "--status", "--"),
    **dict.fromkeys(("rhel", "centos", "rocky", "ol", "amzn", "fedora"), ("rpm", "--query", "--")),
}
"""By a system's name: what says whether a package is there."""


async def kernel_modules(scene: Scene) -> None:
    """``system/kernel_modules.json``: a state for each: loaded (also when built in) or loadable."""
    told = await asyncio.to_thread(modules, Path("/proc/modules"), scene.root / "lib/modules" / platform.release())
    scene.sink.write_json(f"{FOLDER}/kernel_modules.json", told)


def modules(loaded: Path, folder: Path) -> dict[str, Any]:
    """Of the list of what is loaded, and the folder of what could be."""
    told: dict[str, Any] = {}
    for _, _, files in os.walk(folder):
        told |= {name.partition(".ko")[0]: {"status": "loadable"} for name in files if ".ko" in name}
    built_in = folder / "modules.builtin"
    for line in built_in.read_text().splitlines() if built_in.exists() else ():
        told[Path(line).name.partition(".ko")[0]] = {"status": "loaded"}
    for line in loaded.read_text().splitlines() if loaded.exists() else ():
        name, size, instances, *_ = line.split()
        told[name] = {"status": "loaded", "size": int(size), "instances": int(instances)}
    return told


async def kernel_configs(scene: Scene) -> None:
    """``system/kernel-configs.json``: what the kernel was built with."""
    written = await asyncio.to_thread(_configuration, scene.root, platform.release())
    lines = (line.partition("=") for line in written.splitlines() if line.startswith("CONFIG_"))
    scene.sink.write_json(f"{FOLDER}/kernel-configs.json", {name: value.strip('"') for name, _, value in lines})


def _configuration(root: Path, release: str) -> str:
    boot, packed = root / f"boot/config-{release}", Path("/proc/config.gz")
    if boot.exists():
        return boot.read_text()
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    raise CannotCollect("this kernel does not say what it was built with", hint="neither /boot nor /proc has it")


async def sysctl(scene: Scene) -> None:
    """``system/sysctl.json``: the kernel's settings that may be read."""
    told = await asyncio.to_thread(lambda: dict(settings(Path("/proc/sys"))))
    scene.sink.write_json(f"{FOLDER}/sysctl.json", told)


def settings(root: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder as ``net.ipv4.ip_forward``."""
    for folder, _, files in os.walk(root):
        for name in files:
            path = Path(folder) / name
            try:
                if path.stat().st_mode & 0o444:
                    value = path.read_text(errors="replace")[:LONGEST].strip()
                    yield ".".join(path.relative_to(root).parts), value
            except OSError:
                continue


async def services(scene: Scene) -> None:
    """``system/systemctl_services.json``: every service that systemd knows."""
    said = await answer(
        scene.root, "systemctl", "list-units", "--type=service", "--all", "--plain", "--no-legend", "--no-pager"
    )
    rows = (line.split(None, 4)[:4] for line in said.splitlines())
    names = ("Unit", "Load", "Active", "Sub")
    scene.sink.write_json(
        f"{FOLDER}/systemctl_services.json", [dict(zip(names, row, strict=True)) for row in rows if len(row) == 4]
    )


async def system_packages(scene: Scene) -> None:
    """``system/<name>-packages.json``: which of those that the spec names for this system are there."""
    system = machine.described(scene.root)
    name, version = system["platform"], system["platformVersion"]
    asked = PACKAGES.get(name)
    if asked is None:
        raise CannotCollect(f"packages of {name} cannot be looked at", hint=f"those of {', '.join(PACKAGES)} can")
    wanted = [
        *texts(scene.collector.spec.get(name)),
        *texts(scene.collector.spec.get(name + version.partition(".")[0])),
    ]
    told = [await _package(scene.root, one, asked) for one in dict.fromkeys(wanted)]
    document = {"os": name, "osVersion": version, "packages": told}
    scene.sink.write_json(f"{FOLDER}/{scene.said('collectorName', 'packages')}-packages.json", document)


async def _package(root: Path, name: str, asked: tuple[str, ...]) -> dict[str, str]:
    said = await ask(root, *asked, name)
    told = {"name": name, "details": said.out, "exitCode": str(said.code)}
    return told | ({"error": said.errors.strip() or f"{asked[0]} ended with {said.code}"} if said.code else {})
