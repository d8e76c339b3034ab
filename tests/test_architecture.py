"""The four rules of the house, and the habits that can be told from the source."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from tests import architecture as look
from tests.architecture import PACKAGES, ROOT, sources

CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
}


# -- layers ------------------------------------------------------------------------------------------------------------


def lint_imports(where: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [argument for contract in contracts for argument in ("--contract", contract)]
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo", *chosen]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_the_layers_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in CONTRACTS.values():
        assert f"{name} KEPT" in done.stdout


BREAKS = {
    "core-is-below": ("imi_core/text.py", "import imi_tui.cache.model"),
    "core-does-no-io": ("imi_core/text.py", "import os"),
    "no-circles": ("imi_core/text.py", "import imi_core.workflow"),
    "catalogues-compiled": ("imi_tui/i18n/dates.py", "import catalogues.files"),
    "ends-apart": ("imi_tui/profile.py", "import imi_central.settings"),
    "screens-read-the-cache": ("imi_tui/screens/inbox.py", "import apsw"),
    "screens-never-sync": ("imi_tui/actions/inbox.py", "import imi_tui.sync.engine"),
    "cache-and-sync-without-screen": ("imi_tui/cache/model.py", "import textual.app"),
    "cache-in-layers": ("imi_tui/cache/order.py", "import imi_tui.cache.store"),
    "picture-before-the-framework": ("imi_tui/early/first_paint.py", "import textual.app"),
    "sql-in-the-store": ("imi_central/settings.py", "import sqlalchemy"),
    "sql-in-the-cache": ("imi_tui/profile.py", "import apsw"),
}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, where / package, ignore=no_code)
    shutil.copy(ROOT / "pyproject.toml", where)
    return where


def no_code(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if n == "__pycache__" or not (n.endswith(".py") or (Path(folder) / n).is_dir())]


def test_each_contract_fails_when_broken(copied: Path) -> None:
    assert BREAKS.keys() == CONTRACTS.keys()
    for path, line in BREAKS.values():
        with (copied / path).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{line}\n")
    done = lint_imports(copied)
    assert done.returncode == 1, done.stdout + done.stderr
    told = dict(re.findall(r"\n([^\n]+)\n-+\n(.*?)(?=\n[^\n]+\n-{4,}\n|\Z)", done.stdout, re.DOTALL))
    for contract, (path, line) in BREAKS.items():
        assert f"{CONTRACTS[contract]} BROKEN" in done.stdout
        module = line.removeprefix("import ")
        imported = {module, module.partition(".")[0], "." + module.rpartition(".")[2]}
        seen = told[CONTRACTS[contract]]
        assert any(f".{Path(path).stem} -> {each} (" in seen for each in imported), f"{contract}: {seen}"


# -- what is really loaded ---------------------------------------------------------------------------------------------


def loaded(code: str, home: Path, *watched: str) -> set[str]:
    """Which of the `watched` top-level modules are loaded after `code` has run in a fresh interpreter."""
    tell = f"import sys\nprint('LOADED', *{{n.split('.')[0] for n in sys.modules}} & set({watched!r}))"
    script = f"{textwrap.dedent(code)}\n{tell}"
    environment = {
        "IMI_TUI_HOME": str(home),
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "PYTHONIOENCODING": "utf-8",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def modules(*packages: str) -> list[str]:
    names = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path, _ in sources(*packages)]
    return [name for name in names if "migrations" not in name and not name.endswith("__main__")]


def test_the_rules_load_nothing_of_the_ends_and_no_framework(tmp_path: Path) -> None:
    code = "\n".join(f"import {name}" for name in modules("imi_core"))
    ends = (
        "imi_tui",
        "imi_central",
        "textual",
        "rich",
        "httpx",
        "keyring",
        "apsw",
        "sqlite3",
        "sqlalchemy",
        "starlette",
        "holidays",
        "babel",
    )
    assert loaded(code, tmp_path, *ends) == set()


def test_the_ends_do_not_load_each_other(tmp_path: Path) -> None:
    assert (
        loaded("\n".join(f"import {name}" for name in modules("imi_tui")), tmp_path, "imi_central", "sqlalchemy")
        == set()
    )
    assert (
        loaded("\n".join(f"import {name}" for name in modules("imi_central")), tmp_path, "imi_tui", "textual", "apsw")
        == set()
    )


def test_cache_and_sync_load_no_screen(tmp_path: Path) -> None:
    code = "\n".join(f"import {name}" for name in modules("imi_tui/cache", "imi_tui/sync", "imi_tui/signin"))
    assert loaded(code, tmp_path, "textual", "rich") == set()


def test_the_full_screen_loads_neither_line_nor_key_store(tmp_path: Path) -> None:
    code = "\n".join(f"import {name}" for name in ["imi_tui.app", *modules("imi_tui/screens", "imi_tui/widgets")])
    assert loaded(code, tmp_path, "httpx", "keyring", "zstandard", "holidays", "babel") == set()


COMMANDS = (
    "--version",
    "--help",
    "list",
    "list --json",
    "show PW-26-000001",
    "sync",
    "doctor",
    "authorities x",
    "outbox",
    "nonsense",
)


def test_commands_never_load_the_full_screen(tmp_path: Path) -> None:
    code = f"""
        import sys
        from imi_tui.cli import main
        for command in {COMMANDS!r}:
            sys.argv = ["imi-tui", *command.split()]
            try:
                main()
            except SystemExit:
                pass
            assert "textual" not in sys.modules, command
    """
    assert loaded(code, tmp_path, "textual") == set()


def test_a_loaded_module_is_noticed(tmp_path: Path) -> None:
    assert loaded("import json.decoder", tmp_path, "json", "textual") == {"json"}


# -- who may do what in the source -------------------------------------------------------------------------------------

MAY_CHANGE_CASES = {
    f"imi_core/{name}.py" for name in ("workflow", "visibility", "retention", "assigning", "translating")
}
PROBES = {("imi_central/store/sight.py", "_outline"), ("imi_central/store/commit.py", "case_at")}
"""Cases made up to ask the rules something; none of them is stored or shown."""
REJOINED = {("imi_tui/cache/content/contents.py", "with_content")}
"""A case as the server gave it, its head and its content put together again."""


def test_only_the_rules_change_a_case() -> None:
    found = {
        (path, function)
        for path, tree in sources()
        if path not in MAY_CHANGE_CASES
        for function in look.case_changes(tree)
    }
    assert found <= PROBES | REJOINED


def test_sql_lives_in_the_store_and_the_cache() -> None:
    found = {path for path, tree in sources() if any(look.sql(tree))}
    outside = {path for path in found if not path.startswith(("imi_central/store/", "imi_tui/cache/"))}
    assert outside == set()
    assert any(path.startswith("imi_tui/cache/") for path in found), "the search finds what is there"


EDGES = {
    "imi_tui/sync/events.py",
    "imi_tui/sync/worker.py",
    "imi_tui/cli.py",
    "imi_tui/failing.py",
    "imi_tui/outside/pdf_text.py",
    "imi_central/app.py",
    "imi_central/cli.py",
    "imi_central/jobs/translating.py",
}
"""The tops of threads, processes and requests: each may catch everything once."""


def test_everything_is_caught_at_the_edges_only() -> None:
    found = [path for path, tree in sources() for _ in look.catch_alls(tree)]
    assert set(found) <= EDGES
    assert len(found) == len(set(found))


def test_messages_are_written_out_and_translated_late() -> None:
    assert [f"{path}:{line}" for path, tree in sources() for line in look.odd_messages(tree)] == []
    assert [f"{path}:{line}" for path, tree in sources() for line in look.early_messages(tree)] == []


def test_no_text_is_read_as_markup() -> None:
    assert [f"{path}:{line}" for path, tree in sources("imi_tui") for line in look.markup(tree)] == []


FINDS = [
    (look.case_changes, "msgspec.structs.replace(case, state='closed')", 1),
    (look.case_changes, "from msgspec import structs\ndef f():\n    structs.replace(case, **changes)", 1),
    (look.case_changes, "Case(id='x')", 1),
    (look.case_changes, "case.Case(id='x')", 1),
    (look.case_changes, "msgspec.structs.force_setattr(case, 'state', 'x')", 1),
    (look.case_changes, "object.__setattr__(case, 'state', 'x')", 1),
    (look.case_changes, "msgspec.structs.replace(entry, at=now, answers={})", 0),
    (look.case_changes, "'a'.replace('b', 'c')", 0),
    (look.sql, "run('select a from b')", 1),
    (look.sql, "run(f'insert into {table} values (1)')", 1),
    (look.sql, "run('''\n  WITH x AS (select 1) select * from x''')", 1),
    (look.sql, "x = 'PRAGMA user_version'", 1),
    (look.sql, "'''Select a case from the list.'''\nx = 'Select one'", 0),
    (look.sql, "x = _('Update the case')", 0),
    (look.catch_alls, "try:\n    f()\nexcept Exception:\n    pass", 1),
    (look.catch_alls, "try:\n    f()\nexcept (ValueError, BaseException):\n    raise X from None", 1),
    (look.catch_alls, "try:\n    f()\nexcept:\n    pass", 1),
    (look.catch_alls, "try:\n    f()\nexcept BaseException:\n    undo()\n    raise", 0),
    (look.catch_alls, "try:\n    f()\nexcept ValueError:\n    pass", 0),
    (look.odd_messages, "def f(): return _(f'Hello {x}')", 1),
    (look.odd_messages, "def f(): return ngettext('a' + b, 'c', n)", 1),
    (look.odd_messages, "def f(): return _('Hello {x}'.format(x=x))", 1),
    (look.odd_messages, "def f(): return _('Hello {x}').format(x=x) + _(label)", 0),
    (look.early_messages, "TITLE = _('Inbox')", 1),
    (look.early_messages, "class A:\n    title = ngettext('a', 'b', 1)", 1),
    (look.early_messages, "TITLE = N_('Inbox')\ndef f(): return _(TITLE)", 0),
    (look.markup, "Static(subject)", 1),
    (look.markup, "Static(f'[b]{subject}')", 1),
    (look.markup, "app.notify(text, markup=True)", 1),
    (look.markup, "app.notify(text)", 1),
    (look.markup, "Text.from_markup(text)", 1),
    (
        look.markup,
        "Static(Text(subject)), Static(''), Static(), Static(subject, markup=False), Static(Content.assemble(a))",
        0,
    ),
]


@pytest.mark.parametrize(("search", "code", "hits"), FINDS)
def test_each_search_finds_what_it_looks_for(search: object, code: str, hits: int) -> None:
    assert callable(search)
    assert len(list(search(ast.parse(code)))) == hits


# -- files -------------------------------------------------------------------------------------------------------------


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    hidden = {
        ".venv",
        ".git",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        "__pycache__",
        "build",
        "dist",
    }
    return [path for path in ROOT.rglob("*") if path.is_file() and not hidden & set(path.relative_to(ROOT).parts)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found: dict[str, list[str]] = {}
    for path in tracked():
        if path == Path(look.__file__):
            continue
        try:
            marks = look.machine_marks(path.read_text("utf-8"))
        except UnicodeDecodeError:
            continue
        if marks:
            found[path.relative_to(ROOT).as_posix()] = marks
    assert found == {}


# Put together here, so that this file may be looked through as well.
@pytest.mark.parametrize("folder", look.FOLDERS)
@pytest.mark.parametrize("sample", ["see /{}/main/x.py", "'/{}/.cache'", "cd /{}", "mount /{}:/data"])
def test_a_path_of_a_machine_is_found(folder: str, sample: str) -> None:
    assert look.machine_marks(sample.format(folder)) == [f"/{folder}"]


@pytest.mark.parametrize("option", ["index-url", "extra-index-url", "find-links"])
def test_an_option_that_names_a_registry_is_found(option: str) -> None:
    assert look.machine_marks(f"--{option} file:/x") == [f"--{option}"]


@pytest.mark.parametrize("host", ["pypi", "registry", "devpi", "artifactory"])
def test_the_address_of_a_registry_is_found(host: str) -> None:
    assert look.machine_marks(f"https://{host}.example.org/simple/") == [f"https://{host}.example.org"]


@pytest.mark.parametrize("folder", look.FOLDERS)
@pytest.mark.parametrize("sample", ["the route /{}ers", "docs/{}/x", "~/{}/x", "{{}}/{}"])
def test_a_path_of_no_machine_is_left_alone(folder: str, sample: str) -> None:
    assert look.machine_marks(sample.format(folder)) == []


def test_an_address_of_law_is_left_alone() -> None:
    assert look.machine_marks("https://eur-lex.europa.eu/eli/reg/2012/1024") == []


@pytest.mark.parametrize("name", ["dev", "tui", "central"])
def test_every_requirement_is_locked_with_its_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert text.count("==") > 10
    assert look.unhashed(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "httpx==1.0",
        "httpx>=1.0 --hash=sha256:" + "0" * 64,
        "httpx==1.0 --hash=md5:" + "0" * 32,
        f"--{'index'}-url https://example.org",
        "-e .",
        "httpx @ https://example.org/x.whl",
    ],
)
def test_an_unlocked_requirement_is_found(line: str) -> None:
    good = "a==1 ; python_version >= '3.11' \\\n    --hash=sha256:" + "0" * 64
    assert look.unhashed(good) == []
    assert look.unhashed(f"{good}\n{line}\n") == [line]


def test_the_lock_covers_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra, name in (("tui", "tui"), ("central", "central"), ("dev", "dev")):
        locked = {
            line.split("==")[0].split("[")[0].lower()
            for line in (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
            if "==" in line
        }
        for asked in [*project["dependencies"], *project["optional-dependencies"][extra]]:
            package = asked.split(">")[0].split("=")[0].split("[")[0].strip().lower()
            assert package == "imi" or package in locked, f"{package} is not in requirements/{name}.txt; run make lock"
