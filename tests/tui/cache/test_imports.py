"""Reading the list loads neither the rules nor anything slow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from imi_core.procedure import Rules
from imi_tui.cache.store import Store
from tests.tui.cache.world import KEY, case, put

READ = """
import json, sys
from pathlib import Path
from imi_tui.profile import Profile
from imi_tui.cache.store import Store
store = Store.open(Profile(Path(sys.argv[1])), bytes.fromhex(sys.argv[2]))
rows = store.window("all", "due", limit=40)
store.counts(), store.status(), store.seats(), store.officer(), store.outbox()
print(json.dumps([len(rows), sorted(sys.modules)]))
"""
SLOW = {"msgspec", "cryptography", "holidays", "keyring", "zstandard", "textual", "httpx", "babel", "platformdirs"}


def test_the_first_window_loads_nothing_slow(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info), case(pw_info, 2))
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", READ, str(home), KEY.hex()], capture_output=True, text=True, check=True
    )
    count, modules = json.loads(done.stdout)
    assert count == 2
    assert {name.partition(".")[0] for name in modules} & SLOW == set()
    assert {"imi_core.workflow", "imi_core.case", "imi_core.procedure"} & set(modules) == set()


def test_the_cache_never_loads_textual() -> None:
    code = (
        "import pkgutil, importlib, sys, imi_tui.cache as package\n"
        "for found in pkgutil.walk_packages(package.__path__, 'imi_tui.cache.'): importlib.import_module(found.name)\n"
        "assert not {'textual', 'rich', 'imi_central', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
