"""Build hook: a wheel carries compiled catalogues, those of the client inside it, the others inside the server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Compiles ``locales/*/LC_MESSAGES/*.po`` and adds the results to the wheel; editable installs read them there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the files are collected."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from catalogues.domains import DOMAINS
        from catalogues.files import compile_all

        left_out = compile_all(root / "locales", again=version != "editable")
        if version == "editable":
            return
        if left_out:
            raise ValueError("\n".join(map(str, left_out)))
        for path in sorted((root / "locales").glob("*/LC_MESSAGES/*.mo")):
            inside = path.relative_to(root).as_posix()
            build_data["force_include"][str(path)] = f"{DOMAINS[path.stem].package}/{inside}"
