"""What Prometheus is told, from objects."""

from datetime import UTC, datetime
from typing import Any

from changeover.actions import metrics
from changeover.objects import API_VERSION, KubeObject

NOW = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


def obj(kind: str, name: str, **rest: Any) -> KubeObject:
    metadata = {"name": name, "namespace": "a", **rest.pop("metadata", {})}
    return KubeObject({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, **rest})


def test_nothing_installed_is_an_open_gate() -> None:
    text = metrics.text(metrics.samples("a", (), (), gate=None, now=NOW))
    assert 'changeover_gate_closed_seconds{namespace="a"} 0.0' in text
    assert "changeover_run_phase" not in text


def test_a_run_behind_a_closed_gate() -> None:
    gate = obj("ConfigMap", "changeover-gate", metadata={"creationTimestamp": "2026-01-01T12:00:00Z"})
    status = {"running": {"version": "1.2"}, "lastBackup": {"at": "2026-01-01T11:59:30+00:00"}}
    shop = obj("Installation", "shop", status=status)
    over = obj("Changeover", "shop-1", spec={"installation": "shop"}, status={"phase": "ended", "verdict": "committed"})
    now = obj("Changeover", "shop-2", spec={"installation": "shop"}, status={"phase": "drain"})
    text = metrics.text(metrics.samples("a", [shop], [over, now], gate=gate, now=NOW))
    for line in (
        'changeover_gate_closed_seconds{namespace="a"} 30.0',
        'changeover_run_phase{installation="shop",namespace="a",phase="drain",run="shop-2"} 1.0',
        'changeover_info{installation="shop",namespace="a",version="1.2"} 1.0',
        'changeover_last_backup_age_seconds{installation="shop",namespace="a"} 60.0',
    ):
        assert line in text
    assert "shop-1" not in text
