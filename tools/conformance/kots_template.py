"""Template evaluations, rendered forms, image rewrites and included documents, as KOTS answered them.

Where time, chance or a version enters, the shape is compared: how many lines a text has and how long they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from changeover import images
from changeover.channel import generators
from changeover.gotemplate import TemplateProblem
from changeover.package import answers
from changeover.package.documents import read_documents
from changeover.package.questions import read_config
from changeover.render import admission
from changeover.render.context import Context
from changeover.render.functions import registry as registry_functions
from changeover.render.templates import Templates
from tools.conformance import config_shape, surroundings
from tools.conformance.case import Case, Disagreement, Skipped, read, same

DIFFERENT: Mapping[str, str] = {
    'static/136 env "HOME"': "an Installation's templates do not read the environment of whoever renders",
    'static/084 TLSKey "c2" | len | lt 500': "the reference's cache outlives a rendering, ours is the rendering's",
}
"""Cases that are answered otherwise on purpose, each with the reason."""
_KEY_TOLERANCE = 8
"""Characters by which the PEM text of two keys of a kind may differ in length."""


def cases(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``kots-template``."""
    for path in sorted(folder.glob("*.json")):
        content = read(path)
        if isinstance(content, Mapping) and "environment" in content:
            yield from _of_environment(path, content)
        elif isinstance(content, list) and content and "image" in content[0]:
            for number, one in enumerate(content):
                yield Case(f"{path.stem}/{number} {one['image']}", partial(_image, one))
        elif isinstance(content, list) and content and "content" in content[0]:
            for one in content:
                yield Case(f"{path.stem}/{one['name']}", partial(_included, one))


def _of_environment(path: Path, content: Mapping[str, Any]) -> Iterator[Case]:
    for name, judge in (("config values", _values), ("rendered form", _form)):
        yield Case(f"{path.stem}/{name}", partial(judge, path))
    for one in content.get("cases") or ():
        yield Case(f"{path.stem}/{one['name']}", partial(_text, path, one))


@cache
def _templates(path: Path) -> Templates:
    told = read(path).get("environment") or {}
    config = next(iter(read_documents("config.yaml", told.get("config") or "")), None)
    given = answers.from_text(told["configValues"]) if told.get("configValues") else {}
    return Templates(read_config(config), given, surroundings.environment(told), produce=generators.produce)


def _values(path: Path) -> None:
    content = read(path)
    if content.get("error") or content.get("configError"):
        raise Skipped("the reference failed on the whole Config; what it wanted to say is not recorded")
    form = _templates(path).form
    same({name: config_shape.value(one) for name, one in form.values.items()}, content.get("itemValues") or {})
    same(list(form.missing), content.get("missingRequired") or [], "missing")
    same([message for _, _, message in form.errors()], content.get("validation") or [], "validation")


def _form(path: Path) -> None:
    content = read(path)
    if content.get("error") or content.get("configError"):
        raise Skipped("the reference failed on the whole Config; there is no form to compare")
    wanted = (content.get("renderedConfig") or {}).get("groups") or []
    same(config_shape.groups(_templates(path).form), config_shape.plain(wanted))


def _text(path: Path, case: Mapping[str, Any]) -> None:
    if case["name"] in DIFFERENT:
        raise Skipped(DIFFERENT[case["name"]])
    templates, expected, text = _templates(path), case["expected"], case["template"]
    if "error" in expected:
        _fails(lambda: templates.render(case["name"], text), expected["error"])
    elif "text" in expected:
        found = templates.render(case["name"], text)
        if case.get("deterministic", True):
            same(found, expected["text"])
        else:
            _alike(found, expected["text"])
    _typed(templates, text, expected)


def _alike(found: str, wanted: str) -> None:
    if found == wanted:
        return
    if "PRIVATE KEY" in wanted or "CERTIFICATE" in wanted:
        same(found.partition("\n")[0], wanted.partition("\n")[0], "first line")
        if abs(len(found) - len(wanted)) > _KEY_TOLERANCE * len(wanted) // 100:
            raise Disagreement(f"{len(found)} characters instead of {len(wanted)}")
        return
    shapes = [[len(line) for line in text.split("\n")] for text in (found, wanted)]
    same(shapes[0], shapes[1], f"lengths of {found!r}, like {wanted!r}")


def _fails(call: Callable[[], object], wanted: str) -> None:
    """It fails at the same line and column (the reference counts those from 0), with the same words."""
    try:
        found = call()
    except TemplateProblem as problem:
        place = re.search(r":(\d+):(\d+): executing", wanted)
        if place:
            same((problem.line, problem.column - 1), (int(place[1]), int(place[2])), "place")
        if "nil pointer" not in wanted and problem.reason not in wanted:
            raise Disagreement(f"wanted {wanted!r}, found {problem.reason!r}") from None
        return
    raise Disagreement(f"wanted the error {wanted!r}, found {found!r}")


def _typed(templates: Templates, text: str, expected: Mapping[str, Any]) -> None:
    reads: dict[str, Callable[[], object]] = {
        "bool": lambda: templates.as_bool(text, default=False),
        "boolDefaultTrue": lambda: templates.as_bool(text, default=True),
        "int": lambda: templates.as_int(text, 0),
        "uint": lambda: templates.as_uint(text, 0),
        "float": lambda: templates.as_float(text, 0.0),
    }
    for kind, read_as in reads.items():
        if kind not in expected:
            continue
        try:
            found = read_as()
        except TemplateProblem as problem:
            if "typedError" not in expected:
                raise Disagreement(f"as {kind}: {problem}") from None
            continue
        if "typedError" in expected:
            raise Disagreement(f"as {kind}: wanted an error, found {found!r}")
        same(found, expected[kind], f"as {kind}")


def _image(case: Mapping[str, Any]) -> None:
    private = surroundings.registry(case.get("registry"))
    expected, slug = case["expected"], case.get("appSlug", "")
    context = Context("", slug=slug, registry=private)
    if private:
        same(registry_functions.image_name(case["image"], context), expected.get("dest", ""), "dest")
        same(_rules(case["image"], private.address), expected.get("kustomize", []), "kustomize")
    through = Context("", slug=slug, images_through_proxy=True)
    same(registry_functions.image_name(case["image"], through), expected.get("proxy", ""), "proxy")


def _rules(reference: str, address: str) -> list[dict[str, str]]:
    """For each name that means the image, what it becomes."""
    new = images.parse(images.rewrite(reference, address))
    return [
        {"digest": new.digest, "name": name, "newName": new.name, "newTag": new.tag}
        for name in images.aliases(reference)
        if new
    ]


def _included(case: Mapping[str, Any]) -> None:
    expected = case["expected"]
    vendor_kinds = not case["excludeKotsKinds"]
    refused = "error" in expected and not expected.get("parseError")
    try:
        judged = admission.admit(case["path"], case["content"], vendor_kinds=vendor_kinds)
    except admission.BadAnnotation as problem:
        if not refused:
            raise Disagreement(f"refused: {problem}") from None
        return
    if refused:
        raise Disagreement(f"wanted the error {expected['error']!r}, found none")
    same(judged.raw is not None, expected["include"], "included")
    same(judged.remark is not None, "error" in expected, "remarked upon")
