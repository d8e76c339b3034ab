"""What all tests share: how Hypothesis runs, where files lie, and the rules of the real request procedure."""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from imi_core.procedure import Rules
from tests import effort
from tests.core.world import load_rules

# No deadline: a busy machine is no fault. In CI the same examples on every run, so that a red run can be repeated.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

TESTS = Path(__file__).parent
MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes: several times what the temporary files of a whole run take at their most."""

# The programs that tests start begin as installed ones do, without compiling themselves each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure() -> None:
    """Keep temporary files in memory where there is room: the tests cut no power, so no disk need be waited for.
    TMPDIR or `--basetemp` names another folder.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of `make test-faults`."""
    parser.addoption("--harder", action="store_true", help="only the tests that try harder than in make test")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Look for no cycles meanwhile: nearly everything that is made here stays."""
    gc.disable()
    try:
        _import_part(session.config)
        return (yield)
    finally:
        gc.enable()


def _import_part(config: pytest.Config) -> None:
    """Begin with a part of the test modules, each worker with another, where all are collected: in a fresh copy of the
    project pytest rewrites the assertions of each module once instead of once a worker, for it keeps what it wrote.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or not _are_all(config):
        return
    paths = sorted(TESTS.rglob("test_*.py"))
    for path in paths[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        # What cannot be imported is told when it is collected.
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(path.relative_to(TESTS.parent).with_suffix("").parts))


def _are_all(config: pytest.Config) -> bool:
    """Whether the tests were asked for as a whole."""
    return [Path(each).resolve() for each in config.args] == [TESTS]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of all tests `--harder` leaves out what runs in the same way without, and a run without it most of PostgreSQL's:
    every third of them shows what a statement does there. Who names a file runs all in it.
    """
    if config.getoption("harder"):
        left = [item for item in items if not (_on_postgresql(item) or _tries_harder(item))]
    elif not effort.MANY and _are_all(config):
        seconds = [item for item in items if _on_postgresql(item)]
        left = [item for number, item in enumerate(seconds) if number % 3]
    else:
        return
    config.hook.pytest_deselected(items=left)
    gone = set(left)
    items[:] = [item for item in items if item not in gone]


def _on_postgresql(item: pytest.Item) -> bool:
    """Whether it is the second run of a test that runs on every kind of store."""
    return hasattr(item, "callspec") and item.callspec.params.get("kind") == "postgresql"


def _tries_harder(item: pytest.Item) -> bool:
    name = item.nodeid.split("::")[1].partition("[")[0]
    return not {name, "pytestmark"}.isdisjoint(_depending(item.path))


@functools.cache
def _depending(path: Path) -> frozenset[str]:
    return effort.depending(ast.parse(path.read_text("utf-8")))


def pytest_collection_finish() -> None:
    """Look seldom for cycles, and not in what was loaded: that is a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_xdist_auto_num_workers() -> int | None:
    """Three workers on two cores: a test of a process waits, and each worker more collects all tests for itself.

    PYTEST_XDIST_AUTO_NUM_WORKERS names another number, as it does without this.
    """
    cores = os.cpu_count() or 1
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores * 3 // 2


@pytest.fixture(scope="session")
def pw_info() -> Rules:
    """The posting-of-workers information request, from the catalogue's own files."""
    return load_rules("pw", "info")


BOTH = ("central/test_contract_*.py", "central/store/test_*.py", "tui/sync/test_model.py")
"""The tests that run against every kind of store the server supports."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of `BOTH` that use a server's database once on SQLite and once on PostgreSQL."""
    path = Path(str(metafunc.definition.path))
    if "kind" in metafunc.fixturenames and any(path.match(f"tests/{each}") for each in BOTH):
        metafunc.parametrize("kind", ["sqlite", "postgresql"], indirect=True, scope="session")
