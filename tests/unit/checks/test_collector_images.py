"""Images that collectors start pods with move to a private registry as the application's do."""

from typing import Any

from changeover.checks import collector_images

IMAGES = ["quay.example/a/check:1", "alpine/curl", "quay.example/a/pod:2", "quay.example/a/init:3"]


def document(*images: str) -> dict[str, Any]:
    check, curl, pod, init = images
    collectors = [
        {"clusterInfo": {}},
        {"run": {"image": check, "name": "a"}},
        {"copyFromHost": {"image": curl}},
        {"runPod": {"podSpec": {"containers": [{"image": pod}], "initContainers": [{"image": init}]}}},
        {"exec": {"command": ["image"]}},
        {"run": None},
    ]
    return {"kind": "Preflight", "spec": {"collectors": collectors}}


def test_all_are_found() -> None:
    assert sorted(collector_images.used([document(*IMAGES)])) == sorted(IMAGES)


def test_all_are_moved_and_the_document_is_left_as_it_was() -> None:
    given = document(*IMAGES)
    moved = collector_images.moved(given, "registry.example:5000/shop", "")
    places = [f"registry.example:5000/shop/{name}" for name in ("check:1", "curl:latest", "pod:2", "init:3")]
    assert moved == document(*places)
    assert given == document(*IMAGES)


def test_what_pulls_them_is_named_unless_the_spec_does() -> None:
    given = document(*IMAGES)
    given["spec"]["collectors"][1]["run"]["imagePullSecret"] = {"name": "own"}
    collectors = collector_images.moved(given, "registry.example", "shop-registry")["spec"]["collectors"]
    assert collectors[1]["run"]["imagePullSecret"] == {"name": "own"}
    assert collectors[2]["copyFromHost"]["imagePullSecret"] == {"name": "shop-registry"}
    assert collectors[3]["runPod"]["podSpec"]["imagePullSecrets"] == [{"name": "shop-registry"}]
