"""What the tests of the architecture look for in source text; given text, so that each can be shown to find it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from imi_core.case import Case, Entry

ROOT = Path(__file__).parents[1]
PACKAGES = ("imi_core", "imi_central", "imi_tui")


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file of `packages`: its path from the root and its tree."""
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), _tree(path)


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@functools.cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All within it, itself first: the same trees are looked through again and again."""
    return tuple(ast.walk(tree))


def called(node: ast.Call) -> str:
    """The dotted name that is called, as far as it is one: ``msgspec.structs.replace``."""
    parts: list[str] = []
    target: ast.expr = node.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    return ".".join([target.id if isinstance(target, ast.Name) else "", *reversed(parts)]).lstrip(".")


def _names(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


OF_A_CASE = _names(Case) - _names(Entry) - {"reference"}
"""Members that tell a case; its id and reference are given by the server and no matter of the rules."""


def case_changes(tree: ast.Module) -> Iterator[str]:
    """Places that make or change a case: ``Case(...)`` and a replacement of what only a case has, by function."""
    functions = [node for node in nodes(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(inner): outer.name for outer in functions for inner in nodes(outer)}
    for node in nodes(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node).rpartition(".")[2]
        makes = name in ("Case", "force_setattr", "__setattr__")
        members = {keyword.arg for keyword in node.keywords}
        changes = (
            name in ("replace", "__replace__")
            and "structs" in called(node)
            and (members & OF_A_CASE or None in members)
        )
        if makes or changes:
            yield inside.get(id(node), "")


_SQL = re.compile(
    r"\s*(select\s.+\sfrom\s|select\s+\w+\(|insert\s+(or\s+\w+\s+)?into\s|replace\s+into\s|update\s+\w+\s+set\s"
    r"|delete\s+from\s|(create|drop|alter)\s+(virtual\s+|unique\s+|temp\s+)?(table|index|trigger|view)\s"
    r"|pragma\s+\w+|begin\s+immediate|with\s+\w+(\(.*\))?\s+as\s*\(|explain\s+query)",
    re.IGNORECASE | re.DOTALL,
)


def sql(tree: ast.Module) -> Iterator[int]:
    """Lines with a string, no docstring, that is SQL."""
    prose = {id(node.value) for node in nodes(tree) if isinstance(node, ast.Expr)}
    for node in nodes(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in prose
            and _SQL.match(node.value)
        ):
            yield node.lineno


def catch_alls(tree: ast.Module) -> Iterator[int]:
    """Lines that catch everything and do not raise it on as it came."""
    for node in nodes(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        wide = any(
            kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in kinds
        )
        last = node.body[-1]
        if wide and not (isinstance(last, ast.Raise) and last.exc is None):
            yield node.lineno


_GETTEXT = {"_", "N_", "gettext", "ngettext", "pgettext", "npgettext"}


def odd_messages(tree: ast.Module) -> Iterator[int]:
    """Lines where a message id is put together instead of being written out."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in _GETTEXT:
            texts = node.args[:2] if called(node).endswith("ngettext") else node.args[:1]
            for text in texts:
                put_together = isinstance(text, ast.JoinedStr | ast.BinOp)
                if put_together or (isinstance(text, ast.Call) and called(text).endswith(("format", "join", "str"))):
                    yield node.lineno


def early_messages(tree: ast.Module) -> Iterator[int]:
    """Lines that translate while the module is imported, when the language is not known yet."""
    inside = {
        id(inner)
        for outer in nodes(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in nodes(outer)
    }
    for node in nodes(tree):
        if isinstance(node, ast.Call) and called(node) in ("_", "ngettext") and id(node) not in inside:
            yield node.lineno


_WIDGETS = {"Static", "Label", "Button", "Checkbox", "RadioButton", "Link", "notify"}


def markup(tree: ast.Module) -> Iterator[int]:
    """Lines that may read a text as markup: a widget given a plain string without ``markup=False``, or a parser."""
    for node in nodes(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node).rpartition(".")[2]
        for keyword in node.keywords:
            if keyword.arg == "markup" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                yield node.lineno
        if name in ("from_markup", "to_content", "render_markup"):
            yield node.lineno
        elif name in _WIDGETS and node.args and not any(keyword.arg == "markup" for keyword in node.keywords):
            first = node.args[0]
            made = isinstance(first, ast.Call) and called(first).split(".")[0] in ("Text", "Content")
            empty = isinstance(first, ast.Constant) and first.value == ""
            if not made and not empty:
                yield node.lineno


FOLDERS = ("work", "farm", "root", "opt/pypi", "opt/wheels", "tmp/spec")
"""Folders, below the root of a file system, in which a checkout, an account or a store of packages lies."""
_MACHINE = re.compile(rf"(?<![\w.~}}])/(?:{'|'.join(FOLDERS)})(?=[/\s\"'`:]|$)", re.MULTILINE)
_REGISTRY = re.compile(
    r"https?://[^\s\"'`/]*(?:pypi|pythonhosted|artifactory|nexus|devpi|registry)[^\s\"'`/]*|--(?:extra-)?index-url\b|--find-links\b"
)


def machine_marks(text: str) -> list[str]:
    """Paths of the machine something was made on, and addresses of package registries."""
    return [match.group() for pattern in (_MACHINE, _REGISTRY) for match in pattern.finditer(text)]


def unhashed(requirements: str) -> list[str]:
    """Requirements without a version and at least one SHA-256, and options that name another source."""
    logical = re.sub(r"\\\n", " ", requirements).splitlines()
    lines = [line.strip() for line in logical if line.strip() and not line.lstrip().startswith("#")]
    good = re.compile(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==[^\s;]+( ?;[^#]*?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    return [line for line in lines if not good.fullmatch(line)]
