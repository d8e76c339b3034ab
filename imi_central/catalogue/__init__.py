"""The procedures as data, and how they are read.

`lifecycles/*.toml` hold what cases can go through, `modules/<area>/*.toml` one procedure each. A directory given at
run time adds more: its ``lifecycles`` folder holds lifecycles, every other TOML file in it or below it a procedure.
Translations are in `translations`.
"""

from __future__ import annotations

import functools
from pathlib import Path

from imi_central.catalogue import translations
from imi_core.definitions import load_lifecycle, load_procedure
from imi_core.errors import DefinitionError
from imi_core.procedure import Lifecycle, Rules

BUILT_IN = Path(__file__).parent


def load(modules: Path | None = None) -> tuple[Rules, ...]:
    """Every procedure of the catalogue and of the directory `modules`, by id and version, with its translations.

    Raises `DefinitionError` naming the file, the key and what may stand there; also for a directory that is none,
    an id that is defined twice and a lifecycle that another file already defines.
    """
    if modules is not None and not modules.is_dir():
        raise DefinitionError(str(modules), "", "is not a directory", ("a directory with TOML files",))
    return _built_in() if modules is None else _read_all(BUILT_IN, modules)


@functools.cache
def _built_in() -> tuple[Rules, ...]:
    """Read once a process: to make a demo and to serve it ask for them one after the other."""
    return _read_all(BUILT_IN)


def _read_all(*folders: Path) -> tuple[Rules, ...]:
    lifecycles: dict[str, Lifecycle] = {}
    for folder in folders:
        for path in sorted((folder / "lifecycles").glob("*.toml")):
            lifecycle = load_lifecycle(_read(path), _name(path))
            if lifecycle.id in lifecycles:
                raise DefinitionError(_name(path), "id", f"the lifecycle {lifecycle.id!r} is defined already")
            lifecycles[lifecycle.id] = lifecycle
    found: dict[tuple[str, int], tuple[Rules, str]] = {}
    labels = translations.built_in()
    for folder in folders:
        for path in sorted(folder.rglob("*.toml")):
            if path.parent == folder / "lifecycles":
                continue
            rules = load_procedure(_read(path), _name(path), lifecycles)
            if rules.key in found:
                raise DefinitionError(
                    _name(path), "id", f"{rules.key[0]} version {rules.key[1]} is defined in {found[rules.key][1]}"
                )
            known = labels if folder == BUILT_IN else translations.beside(path)
            found[rules.key] = translations.translated(rules, known), _name(path)
    return tuple(found[key][0] for key in sorted(found))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(_name(path), "", f"is not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise DefinitionError(_name(path), "", f"cannot be read: {error.strerror}") from error


def _name(path: Path) -> str:
    return str(path.relative_to(BUILT_IN)) if path.is_relative_to(BUILT_IN) else str(path)
