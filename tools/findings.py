"""Which findings a plan can have: read from the places in the code that make them (`Finding("reference", …)`)."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "src" / "changeover"


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A finding as its place in the code words it; an ellipsis stands for what is filled in."""

    reference: str
    message: str
    hint: str


def known(*folders: str) -> list[Known]:
    """The findings that stages make (``plan``, ``actions``), by reference."""
    paths = [path for folder in folders for path in sorted((SOURCES / folder).rglob("*.py"))]
    return sorted({one for path in paths for one in _of(ast.parse(path.read_text()))})


def _of(tree: ast.AST) -> Iterator[Known]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"):
            continue
        texts = [_text(one) for one in node.args]
        named = {one.arg: _text(one.value) for one in node.keywords if one.arg}
        reference = named.get("reference", texts[0] if texts else "")
        message = named.get("message", texts[2] if len(texts) > 2 else "")
        if reference and reference != "…":
            yield Known(reference, message, named.get("hint", ""))


def _text(node: ast.AST) -> str:
    """A literal's text; everything that is only known at run time is an ellipsis."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return "…"


def page(title: str, *folders: str) -> str:
    """The page in Markdown: reference, what it says, what to do."""
    rows = "\n".join(f"| {one.reference} | {_cell(one.message)} | {_cell(one.hint)} |" for one in known(*folders))
    return f"# {title}\n\n| reference | what it says | what to do |\n| --- | --- | --- |\n{rows}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
