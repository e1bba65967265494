"""An air-gap bundle in a real Chromium: sent, cut off, sent on; its images go to a real registry; its release runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from changeover.arrivals import PART_BYTES
from tests import bundles
from tests.browser.pictures import picture
from tests.flows.commands import ROOT, Commands, until
from tests.flows.conftest import kubeconfig, real_nodes, shared_cluster  # noqa: F401 - fixtures
from tests.flows.console import Console
from tests.flows.private_registry import PrivateRegistry, running
from tests.flows.test_airgap import APP, IMAGE, OBJECTS, _archive
from tests.licences import Portal
from tools import kubebox

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]

BALLAST = 8 * PART_BYTES


@dataclass
class Site:
    """An application that was installed from a bundle, its private registry, and a console."""

    changeover: Commands
    folder: Path
    registry: PrivateRegistry
    console: Console

    def bundle(self, number: int, **more: object) -> Path:
        """The vendor's bundle of release 1.<number>.0; its image cannot be packed smaller."""
        said = {"versionLabel": f"1.{number}.0", "updateCursor": str(7 + number), "appSlug": "letters", **more}
        app = APP.replace("SECOND", f"{self.changeover.namespace}-second").encode()
        objects = OBJECTS.replace(":1'", f":{number + 1}'").encode()
        held = {
            f"docker-archive/vendor.example.com/letters/server/{number + 1}": _archive(str(number + 1)),
            "docker-archive/vendor.example.com/letters/ballast/1": bundles.docker_saved(os.urandom(BALLAST)),
        }
        images = [IMAGE.replace(":1", f":{number + 1}"), "vendor.example.com/letters/ballast:1"]
        return bundles.bundle(
            self.folder / f"letters-1.{number}.airgap",
            {"app.yaml": app, "objects.yaml": objects},
            held,
            savedImages=images,
            **said,
        )

    def install(self) -> None:
        """From the first bundle, as the guide says."""
        (self.folder / "acme.yaml").write_text(Portal(more={"channelID": "c1"}).licence())
        words = ["-m", "changeover", "--kubeconfig", str(self.changeover.kubeconfig), "-n", self.changeover.namespace]
        words += ["install", str(self.bundle(0)), "--registry", f"{self.registry.address}/mirror"]
        words += ["--registry-username", self.registry.user, "--registry-password-stdin"]
        words += ["--plain-http", self.registry.address, "--licence", str(self.folder / "acme.yaml")]
        words += ["--strategy", "plain", "--hold", "0", "--yes"]
        own = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=own,
            input=f"{self.registry.password}\n",
            text=True,
            timeout=300,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(real_nodes: kubebox.Cluster, kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:  # noqa: F811
    folder = tmp_path_factory.mktemp("site")
    changeover = Commands(Path(kubeconfig), f"bundle-{time.monotonic_ns():x}")
    changeover.kubectl("create", "namespace", changeover.namespace)
    with running(real_nodes, folder) as registry:
        made = Site(changeover, folder, registry, Console(changeover, folder))
        made.install()
        made.console.start()
        yield made
        made.console.kill()
        assert "Traceback" not in made.console.log.read_text()
    for namespace in (changeover.namespace, f"{changeover.namespace}-second"):
        changeover.kubectl("delete", "namespace", namespace, "--wait=false")


def entered(page: Page, console: Console) -> None:
    page.goto(f"{console.url}/versions")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(console.password)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{console.url}/versions")


def sent(page: Page, file: Path) -> list[str]:
    """Choose the file; the numbers of the parts, as they are sent from then on."""
    numbers: list[str] = []

    def seen(request: Request) -> None:
        if request.method == "PUT":
            numbers.append(request.url.rpartition("/")[2])

    page.on("request", seen)
    page.get_by_role("link", name="Upload a new version").click()
    page.get_by_label("Package or bundle", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    return numbers


def cut_off(site: Site, page: Page, file: Path) -> None:
    """The console dies when all but a few parts are there."""
    parts = -(-file.stat().st_size // PART_BYTES)
    page.route(re.compile(rf"/{parts - 2}$"), lambda _: None)  # that part does not arrive
    numbers = sent(page, file)
    progress = page.locator("[data-progress]")
    until(lambda: progress.evaluate("one => one.value") > (parts - 4) / parts and str(parts - 2) in numbers)
    site.console.kill()
    page.unroute_all()  # now it is sent, to nobody
    expect(page.get_by_role("status")).to_contain_text("goes on where it stopped", timeout=60_000)


def pushed(site: Site, page: Page) -> None:
    """First as https, which the registry does not speak; then as it does."""
    push = page.get_by_role("button", name=f"Push 2 images to {site.registry.address}/mirror")
    push.click()
    expect(page.get_by_text("did not reach")).to_be_visible(timeout=60_000)
    picture(page, "bundle-not-pushed")
    page.get_by_text("Another login, or a registry without TLS").click()
    page.get_by_label("The registry speaks http").check()
    push.click()
    expect(page.get_by_text("1.1.0 is offered now").first).to_be_visible(timeout=120_000)


def test_a_bundle_comes_by_the_browser_and_its_release_runs(site: Site, browser: Browser) -> None:
    file = site.bundle(1)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    entered(page, site.console)
    cut_off(site, page, file)
    site.console.start()
    context.clear_cookies()
    entered(page, site.console)
    page.goto(f"{site.console.url}/versions/bundles")
    expect(page.get_by_text("choose the same file again")).to_be_visible()
    page.goto(f"{site.console.url}/versions")
    again = sent(page, file)
    page.wait_for_url("**/versions/bundles", timeout=60_000)
    assert 0 < len(again) <= 4, "what was there was not sent twice"

    expect(page.get_by_role("heading", level=1)).to_contain_text("1.1.0 is here")
    expect(page.get_by_text("licence-unproven")).to_be_visible()
    picture(page, "bundle")
    pushed(site, page)
    assert site.registry.repositories() == ["mirror/ballast", "mirror/server"]
    expect(page.get_by_role("link", name="Prepare 1.1.0")).to_be_visible()
    page.goto(f"{site.console.url}/update/1.1.0?strategy=plain")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.1.0 can run now")
    page.get_by_role("button", name="Deploy 1.1.0").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.1.0 runs.", timeout=240_000)
    pods = site.changeover.objects("pods", "-l", "app=letters", "--field-selector", "status.phase=Running")
    assert f"{site.registry.address}/mirror/server:2" in {pod["spec"]["containers"][0]["image"] for pod in pods}
    context.close()
