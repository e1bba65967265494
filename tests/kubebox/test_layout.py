"""Clusters cannot collide: what a slot derives is its own. Builds are named by their inputs. No cluster needed."""

import ipaddress
import os
import sys
import time
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from tools.kubebox import layout, processes, slots, toolchain
from tools.kubebox.__main__ import _nodes, _parser
from tools.kubebox.objects import Nodes
from tools.kubebox.problem import KubeboxProblem

ALL = [layout.Addresses(slot, bridged=True) for slot in range(layout.SLOTS)]


@pytest.fixture(autouse=True)
def own_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "slot_home", lambda: tmp_path / "slots")


def test_networks_of_slots_are_disjoint() -> None:
    networks = [ipaddress.ip_network(addresses.everything) for addresses in ALL]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))
    assert all(network.is_private for network in networks)


def test_ports_of_slots_are_disjoint_and_not_ephemeral() -> None:
    ranges = [addresses.ports.all() for addresses in ALL]
    assert all(one.stop <= other.start for one, other in pairwise(ranges))
    assert ranges[-1].stop <= 32768


def test_networks_inside_a_slot_are_disjoint() -> None:
    addresses = ALL[3]
    inside = [f"{addresses.host}/24", addresses.load_balancers, addresses.services, addresses.real_pods]
    networks = [ipaddress.ip_network(text, strict=False) for text in [*inside, addresses.simulated_pods]]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))
    for number in range(1, 16):
        assert ipaddress.ip_network(addresses.node_pods(number)).subnet_of(ipaddress.ip_network(addresses.real_pods))
    assert ipaddress.ip_address(addresses.dns) in ipaddress.ip_network(addresses.services)


def test_interface_names_are_short_enough() -> None:
    assert max(len(addresses.link(15)) for addresses in ALL) <= 15


def test_a_slot_is_free_when_its_folder_is_gone(tmp_path: Path) -> None:
    first = slots.claim(tmp_path / "a", bridged=False)
    second = slots.claim(tmp_path / "b", bridged=False)
    assert first.slot != second.slot
    (tmp_path / "a").rmdir()
    assert slots.claim(tmp_path / "c", bridged=False).slot == first.slot


def test_a_slot_whose_starter_died_at_once_is_free_after_a_while(tmp_path: Path) -> None:
    claimed = slots.claim(tmp_path / "a", bridged=False)
    old = time.time() - slots.GRACE - 1
    os.utime(tmp_path / "slots" / str(claimed.slot), (old, old))
    assert slots.claim(tmp_path / "b", bridged=False).slot == claimed.slot


def test_a_slot_is_released_by_its_owner_only(tmp_path: Path) -> None:
    claimed = slots.claim(tmp_path / "a", bridged=False)
    slots.release(claimed.slot, tmp_path / "b")
    assert slots.owns(claimed.slot, tmp_path / "a")
    slots.release(claimed.slot, tmp_path / "a")
    assert not slots.owns(claimed.slot, tmp_path / "a")


def test_all_slots_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "SLOTS", 0)
    with pytest.raises(KubeboxProblem, match="stop --all"):
        slots.claim(tmp_path / "a", bridged=False)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], Nodes(1, 0)),
        (["--nodes", "simulated=3"], Nodes(0, 3)),
        (["--nodes", "real=2,simulated=1", "--taint-simulated"], Nodes(2, 1, {}, taint_simulated=True)),
        (
            ["--node-label", "a.b/c=d", "--node-label", "real-1:x="],
            Nodes(1, 0, {"": {"a.b/c": "d"}, "real-1": {"x": ""}}),
        ),
    ],
)
def test_nodes_from_the_command_line(arguments: list[str], expected: Nodes) -> None:
    assert _nodes(_parser().parse_args(["start", *arguments])) == expected


@pytest.mark.parametrize("arguments", [["--nodes", "fake=1"], ["--nodes", "real=x"], ["--node-label", "a"]])
def test_bad_nodes_are_explained(arguments: list[str]) -> None:
    with pytest.raises(KubeboxProblem, match="takes"):
        _nodes(_parser().parse_args(["start", *arguments]))


def test_a_build_is_named_by_its_inputs(tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum", "main.go"):
        (tmp_path / name).write_text("one")
    first = toolchain.digest(tmp_path)
    (tmp_path / "main_test.go").write_text("tests are not built")
    assert toolchain.digest(tmp_path) == first
    (tmp_path / "go.sum").write_text("two")
    assert toolchain.digest(tmp_path) != first


def test_a_reused_pid_is_not_ours(tmp_path: Path) -> None:
    own = processes.start_time(os.getpid()) or 0
    assert processes.Process("a", (), "", os.getpid(), own).alive()
    assert not processes.Process("a", (), "", os.getpid(), own - 1).alive()
    assert not processes.Process("a", (), "").alive()


def test_processes_are_known_by_their_mark_also_grandchildren(tmp_path: Path) -> None:
    script = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    planned = processes.Process("a", (sys.executable, "-c", script), str(tmp_path / "log"))
    process = processes.spawn(tmp_path, planned, cluster=tmp_path)
    deadline = time.monotonic() + 10
    while len(set(processes.marked(tmp_path))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    found = set(processes.marked(tmp_path))
    assert process.pid in found
    assert len(found) == 2
    for pid in found:
        processes.end(pid)
    assert not processes.wait_until_gone([process], seconds=5)
    assert processes.recorded(tmp_path)["a"] == process
    assert not set(processes.marked(tmp_path / "other"))
