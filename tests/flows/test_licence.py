"""A licence on a real API server: installed with, read by templates, renewed with a comparison, refused when wrong."""

from pathlib import Path

import pytest

from tests.flows import letters
from tests.flows.commands import Commands
from tests.licences import ENTITLEMENTS, Portal, public

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
SEATS = """apiVersion: v1
kind: ConfigMap
metadata: {name: seats}
data:
  seats: 'repl{{ LicenseFieldValue "seats" }}'
  customer: 'repl{{ LicenseFieldValue "customerName" }}'
  channel: '{{repl ChannelName }}'
"""


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Letters, whose releases read the licence."""
    folder = letters.publish(tmp_path / "channel")
    for version in ("1.0.0", "2.0.0"):
        (folder / version / "seats.yaml").write_text(SEATS)
    return folder


def seats(commands: Commands) -> dict[str, str]:
    """What the application got."""
    found: dict[str, str] = commands.objects("configmap", "--field-selector", "metadata.name=seats")[0]["data"]
    return found


def references(plan: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Findings of a plan by reference."""
    return {one["reference"]: one["severity"] for one in plan["findings"]}


def test_a_licence_reaches_templates_is_renewed_and_never_shown(
    commands: Commands, channel: Path, tmp_path: Path
) -> None:
    licence, key = tmp_path / "acme.yaml", tmp_path / "vendor.pem"
    licence.write_text(Portal().licence())
    key.write_text(public(0))
    words = ("--licence", str(licence), "--licence-key", str(key))
    commands.run("install", str(channel), "--version", "1.0.0", "--set", "host=a.example", *words, *QUICK)
    assert seats(commands) == {"seats": "25", "customer": "Acme", "channel": "Stable"}
    shown = commands.ask("licence", "show")
    assert (shown["proof"], shown["expires"], shown["changes"]) == ("proven", "never", [])

    plan = commands.ask("plan", "--to", "2.0.0")
    assert "licence-unproven" not in references(plan)
    fewer = {**ENTITLEMENTS, "seats": {"value": 10, "valueType": "Integer"}}
    licence.write_text(Portal(entitlements=fewer).licence())
    taken = commands.ask("licence", "set", str(licence))
    assert taken["changes"] == [{"name": "seats", "fate": "changed", "words": "was 25, is 10"}]
    assert seats(commands)["seats"] == "25"
    assert references(commands.ask("plan", "--to", "2.0.0"))["entitlements-changed"] == "warns"
    commands.run("update", "2.0.0", *QUICK)
    assert seats(commands)["seats"] == "10"
    assert commands.ask("licence", "show")["changes"] == []

    secrets = commands.kubectl("get", "secrets", "-o", "yaml")
    assert "letters-licence" in secrets
    assert "licence-id-42" not in "".join((*commands.said, secrets))


def test_what_is_wrong_with_a_licence_stops_what_is_new(commands: Commands, channel: Path, tmp_path: Path) -> None:
    licence = tmp_path / "acme.yaml"
    install = ("install", str(channel), "--version", "1.0.0", "--set", "host=a.example", "--licence", str(licence))
    licence.write_text(Portal().licence().replace("kind: License", "kind: Licence"))
    assert "acme.yaml line" in commands.run(*install, *QUICK, expect=1).err
    other = tmp_path / "other.pem"
    other.write_text(public(2))
    licence.write_text(Portal().licence())
    refused = commands.run(*install, "--licence-key", str(other), *QUICK, expect=1)
    assert "signed by another key" in refused.err

    past = {**ENTITLEMENTS, "expires_at": {"value": "2020-01-01T00:00:00Z", "valueType": "String"}}
    licence.write_text(Portal(entitlements=past, application="numbers").licence())
    blocked = commands.run(*install, *QUICK, expect=3)
    assert "expired on 2020-01-01" in blocked.err
    found = references(commands.ask("plan", "--to", "1.0.0"))
    expected = {"licence-expired": "blocks", "licence-for-another-application": "warns", "licence-unproven": "notes"}
    assert found == {**found, **expected}
