"""With a private registry every image is pulled from there, every pod can log in, and what cannot be is said."""

from collections.abc import Mapping
from typing import Any

import pytest

from changeover.actions.registries import BadRegistry, read
from changeover.package.package import read_package
from changeover.render import pipeline
from changeover.render.context import Context, Registry
from changeover.render.revision import Revision

KOTS = "apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: shop}\nspec: "
REGISTRY = Registry("reg.example:5000", "mirror", "me", "secret")
POD = "    spec:\n      containers:\n"


def deployment(name: str, *images: str, namespace: str = "", env: str = "") -> str:
    where = f", namespace: {namespace}" if namespace else ""
    head = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}{where}}}\nspec:\n  template:\n{POD}"
    setting = f", env: [{{name: IMAGE, value: '{env}'}}]" if env else ""
    return head + "".join(f"      - {{name: c{at}, image: '{image}'{setting}}}\n" for at, image in enumerate(images))


def rendered(*documents: str, application: str | None = "{}", registry: Registry | None = REGISTRY) -> Revision:
    files = {"objects.yaml": "---\n".join(documents).encode()}
    if application is not None:
        files["app.yaml"] = (KOTS + application).encode()
    context = Context("home", slug="shop", registry=registry)
    made = pipeline.render(read_package(files, "shop"), {}, context, charts=None, produce=lambda *_: "")
    return made[0]


def raws(revision: Revision, kind: str) -> dict[str, Mapping[str, Any]]:
    return {f"{obj.namespace}/{obj.name}": obj.raw for obj in revision.objects if obj.kind == kind}


@pytest.mark.parametrize("application", ["{}", None])
def test_images_and_logins_in_every_form_of_package(application: str | None) -> None:
    digest = f"sha256:{'a' * 64}"
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n"
    objects = (deployment("web", "nginx", "quay.io/a/b:1", f"x.io/c:2@{digest}"), account)
    revision = rendered(*objects, application=application)
    spec = raws(revision, "Deployment")["home/web"]["spec"]["template"]["spec"]
    wanted = ["mirror/nginx:latest", "mirror/b:1", f"mirror/c@{digest}"]
    assert [one["image"] for one in spec["containers"]] == [f"reg.example:5000/{one}" for one in wanted]
    assert spec["imagePullSecrets"] == [{"name": "shop-registry"}]
    assert raws(revision, "ServiceAccount")["home/robot"]["imagePullSecrets"] == [{"name": "shop-registry"}]
    assert list(raws(revision, "Secret")) == ["home/shop-registry"]
    assert "secret" in revision.secrets


def test_without_a_registry_nothing_is_touched() -> None:
    revision = rendered(deployment("web", "nginx"), registry=None)
    spec = raws(revision, "Deployment")["home/web"]["spec"]["template"]["spec"]
    assert (spec["containers"][0]["image"], "imagePullSecrets" in spec) == ("nginx", False)


def test_the_login_is_in_every_namespace_where_pods_live() -> None:
    objects = (deployment("web", "nginx"), deployment("worker", "nginx", namespace="jobs"))
    revision = rendered(*objects, application="{additionalNamespaces: [more, '*', home]}")
    assert sorted(raws(revision, "Secret")) == ["home/shop-registry", "jobs/shop-registry", "more/shop-registry"]


def test_excluded_images_stay() -> None:
    revision = rendered(deployment("web", "nginx", "redis:7"), application="{excludedImages: ['redis:7']}")
    spec = raws(revision, "Deployment")["home/web"]["spec"]["template"]["spec"]
    assert [one["image"] for one in spec["containers"]] == ["reg.example:5000/mirror/nginx:latest", "redis:7"]


@pytest.mark.parametrize(
    ("images", "collide"),
    [
        (("a/web:1", "b/web:1"), True),
        (("a/web:1", "b/web:2"), False),
        (("nginx", "docker.io/library/nginx:latest"), False),
        ((f"a/web@sha256:{'a' * 64}", f"b/web@sha256:{'a' * 64}"), False),
    ],
)
def test_two_images_that_become_one_are_said(images: tuple[str, ...], *, collide: bool) -> None:
    found = [one for one in rendered(deployment("web", *images)).remarks if one.reference == "images-collide"]
    assert bool(found) == collide
    if collide:
        wanted = "docker.io/a/web:1 and docker.io/b/web:1 both become reg.example:5000/mirror/web:1"
        assert found[0].message == wanted


def test_an_image_in_a_setting_is_said() -> None:
    found = rendered(deployment("web", "nginx", env="nginx")).remarks
    assert [one.reference for one in found] == ["image-in-setting"]
    assert found[0].message == "Deployment/web: IMAGE names nginx, which is not rewritten there"


@pytest.mark.parametrize(
    ("address", "host", "namespace"),
    [
        ("reg.example", "reg.example", ""),
        ("https://reg.example:5000/a/b/", "reg.example:5000", "a/b"),
        ("localhost/x", "localhost", "x"),
    ],
)
def test_addresses_of_registries(address: str, host: str, namespace: str) -> None:
    found = read(address)
    assert (found.hostname, found.namespace) == (host, namespace)


@pytest.mark.parametrize("address", ["", "reg", "reg.example/Upper", "reg.example:x/a", "-a.b/c"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadRegistry):
        read(address)


def test_a_password_needs_a_name() -> None:
    with pytest.raises(BadRegistry, match="needs the name"):
        read("reg.example", password="x")
