"""What is collected of this very machine, and judged by the analyzers of hosts."""

import asyncio
import ipaddress
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from changeover.checks.analyzers import analyze
from changeover.checks.consent import Consent, asked, split
from changeover.collect.collecting import ClusterCollecting, HostCollecting
from changeover.collect.host import letters, reach, system
from changeover.collect.table import HOST_COLLECTORS
from changeover.kube.http import UserHttp
from changeover.ports import Bounds, Collected, Collector
from tests.unit.collect.fakes import World
from tests.unit.collect.letters import key_pair

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


def collect(kind: str, **spec: Any) -> Collected:
    """Of this machine."""
    collecting = ClusterCollecting(World(), World(), namespace="home", find_images=World().find_images)  # type: ignore[arg-type]
    wanted = [Collector(kind, spec, "host")]
    return asyncio.run(collecting(wanted, bounds=Bounds(seconds=20), tell=lambda _: None))


def verdict(done: Collected, kind: str, when: str, **spec: Any) -> str:
    """Of an analyzer that passes on one condition and else fails."""
    outcomes = [{"pass": {"when": when, "message": "yes"}}, {"fail": {"message": "no"}}]
    texts = {path: content.decode() for path, content in done.files.items()}
    (one,) = analyze({kind: {"outcomes": outcomes, **spec}}, texts, host=True)
    return one.verdict


@LINUX
@pytest.mark.parametrize(
    ("kind", "when", "spec"),
    [
        ("cpu", "count >= 1", {}),
        ("cpu", f"machineArch == {os.uname().machine}", {}),
        ("memory", "> 256Mi", {}),
        ("diskUsage", "total > 1Mi", {"path": "/not/there/yet"}),
        ("hostOS", "kernelVersion >= 2.6", {}),
        ("ipv4Interfaces", "count >= 0", {}),
        ("sysctl", "kernel.pid_max > 100", {}),
    ],
)
def test_what_every_machine_can_say(kind: str, when: str, spec: dict[str, Any]) -> None:
    assert verdict(collect(kind, **spec), kind, when) == "pass"


@LINUX
@pytest.mark.parametrize(("kind", "program"), [("blockDevices", "lsblk"), ("time", "timedatectl")])
def test_a_program_that_is_not_there_or_fails_is_named(
    kind: str, program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("changeover.collect.host.programs._ENVIRONMENT", {"PATH": str(tmp_path)})
    monkeypatch.setenv("PATH", str(tmp_path))
    (told,) = collect(kind).fetched
    assert (told.state, told.title) == ("failed", f"host {kind}")
    assert f"{program} cannot be run on this machine" in told.reason
    own = tmp_path / program
    own.write_text("#!/bin/sh\necho 'no bus' >&2\nexit 4\n")
    own.chmod(0o755)
    assert f"{program} ended with 4 no bus" in collect(kind).fetched[0].reason


def test_block_devices_as_lsblk_says_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = {"name": "vdb", "kname": "vdb", "pkname": None, "type": "disk", "maj:min": "254:16", "size": 10**11}
    said |= {"fstype": None, "mountpoint": None, "serial": None, "ro": False, "rm": False}
    own = tmp_path / "lsblk"
    own.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps({'blockdevices': [said]})}\nEND\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    done = collect("blockDevices")
    assert verdict(done, "blockDevices", ".* == 1", minimumAcceptableSize=10**10) == "pass"
    assert verdict(done, "blockDevices", ".* == 1", minimumAcceptableSize=10**12) == "fail"


def test_kernel_modules_are_loaded_built_in_or_loadable(tmp_path: Path) -> None:
    (tmp_path / "kernel/net").mkdir(parents=True)
    for name in ("kernel/net/nf_tables.ko.xz", "kernel/net/dummy.ko"):
        (tmp_path / name).touch()
    (tmp_path / "modules.builtin").write_text("kernel/fs/ext4/ext4.ko\n")
    loaded = tmp_path / "modules"
    loaded.write_text("nf_tables 282624 12 nft_compat, Live 0x0000000000000000\n")
    told = system.modules(loaded, tmp_path)
    assert told == {
        "nf_tables": {"status": "loaded", "size": 282624, "instances": 12},
        "dummy": {"status": "loadable"},
        "ext4": {"status": "loaded"},
    }


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="only systems of Debian's family have dpkg-query")
def test_packages_of_the_system() -> None:
    name = system.machine.described(Path("/"))["platform"]
    done = collect("systemPackages", **{name: ["dpkg", "no-such-package-here", "--admindir=/tmp"]})
    (content,) = done.files.values()
    told = {one["name"]: one["exitCode"] == "0" for one in json.loads(content)["packages"]}
    assert told == {"dpkg": True, "no-such-package-here": False, "--admindir=/tmp": False}


def test_a_free_port_a_used_one_and_one_that_is_refused() -> None:
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        port = used.getsockname()[1]
        assert status("tcpConnect", address=f"127.0.0.1:{port}") == "connection-refused"
        used.listen()
        assert status("tcpConnect", address=f"127.0.0.1:{port}") == "connected"
        assert status("tcpPortStatus", port=port, interface="lo") == "address-in-use"
    assert status("tcpPortStatus", port=port, interface="lo") == "connected"
    assert status("udpPortStatus", port=port, interface="lo") == "connected"
    assert status("tcpPortStatus", port=port, interface="nowhere0") == "error"
    assert status("tcpConnect", address="nowhere") == "invalid-address"
    assert collect("tcpPortStatus", port="x").fetched[0].reason.startswith("its port is none")


def status(kind: str, **spec: Any) -> str:
    (content,) = collect(kind, **spec).files.values()
    return str(json.loads(content)["status"])


@pytest.mark.parametrize(("size", "free"), [(16, True), (9, True), (8, False), (7, False), (33, False)])
def test_a_subnet_is_free_where_no_route_goes(size: int, *, free: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [ipaddress.IPv4Network("10.0.0.0/24"), ipaddress.IPv4Network("192.168.0.0/16")]
    monkeypatch.setattr(reach, "_routes", lambda _: iter(taken))
    done = collect("subnetAvailable", CIDRRangeAlloc="10.0.0.0/8", desiredCIDR=size)
    (content,) = done.files.values()
    assert (json.loads(content)["status"] == "a-subnet-is-available") is free


def test_routes_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    )
    assert [str(one) for one in reach._routes(table)] == ["10.0.0.0/24"]


def test_how_a_certificate_and_a_key_fit(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("a.crt", "a.key", "b.crt", "b.key", "junk")}
    for letter in "ab":
        files[f"{letter}.crt"].write_bytes((pair := key_pair(f"{letter}.example"))[0])
        files[f"{letter}.key"].write_bytes(pair[1])
    files["junk"].write_text("no letters")
    wanted = {
        ("a.crt", "a.key"): "key-pair-valid",
        ("a.crt", "b.key"): "key-pair-mismatch",
        ("a.key", "a.crt"): "key-pair-switched",
        ("junk", "a.key"): "key-pair-invalid",
        ("a.crt", "gone"): "key-pair-missing",
    }
    assert {pair: letters.fits(*(tmp_path / one for one in pair)) for pair in wanted} == wanted


def test_certificates_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.crt").write_bytes(key_pair("a.example")[0])
    done = collect("certificatesCollection", paths=[str(tmp_path / "a.crt"), str(tmp_path / "gone")])
    (content,) = done.files.values()
    good, missing = json.loads(content)
    assert (good["message"], good["certificateChain"][0]["subject"]) == ("cert-valid", "CN=a.example")
    assert (missing["message"], missing["certificateChain"]) == ("cert-missing", None)


def test_a_request_from_the_host() -> None:
    done = collect("http", get={"url": "http://x.example/"}, collectorName="web")
    assert json.loads(done.files["host-collectors/http/web.json"])["response"]["status"] == 200


@pytest.mark.parametrize("kind", ["run", "copy", "filesystemPerformance", "journald"])
def test_what_would_be_the_package_s_own_will_on_this_machine_is_skipped(kind: str) -> None:
    assert collect(kind, command="rm", args=["-rf", "/"]).fetched[0].reason == "not supported"


@pytest.mark.parametrize("kind", HOST_COLLECTORS)
def test_every_look_at_the_machine_is_asked_for(kind: str) -> None:
    collector = Collector(kind, {}, "host")
    assert Consent.HOST in asked([collector])
    assert next(one.reason for one in split([collector], ())[1]).startswith("not agreed to: --allow host")


def test_a_balancer_is_asked_until_it_reaches_what_serves_here() -> None:
    def asked(address: str, port: int, timeout: str = "3s") -> str:
        collecting = HostCollecting(UserHttp(), root=Path("/"), find_images=World().find_images)
        wanted = [Collector("httpLoadBalancer", {"address": address, "port": port, "timeout": timeout}, "host")]
        done = asyncio.run(collecting(wanted, bounds=Bounds(seconds=20), tell=lambda _: None))
        assert done.fetched[0].state == "done", done.fetched
        return str(json.loads(done.files["host-collectors/httpLoadBalancer/httpLoadBalancer.json"])["status"])

    with socket.socket() as listening, socket.socket() as other:
        for one in (listening, other):
            one.bind(("127.0.0.1", 0))
        port, closed = listening.getsockname()[1], other.getsockname()[1]
        listening.close()
        assert asked(f"http://127.0.0.1:{port}/any", port) == "connected"
        assert asked(f"http://127.0.0.1:{closed}", port) == "connection-refused"
        assert asked("127.0.0.1:1", port) == "invalid-address"
        other.listen()
        assert asked(f"http://127.0.0.1:{closed}", port) in {"error", "connection-timeout"}
        assert asked(f"http://127.0.0.1:{port}", closed) == "address-in-use"
