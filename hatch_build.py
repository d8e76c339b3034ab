"""Build hook: a wheel carries compiled catalogues, those of the client inside it, the others inside the server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Compiles ``locales/*/LC_MESSAGES/*.po`` and adds the results to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the files are collected."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from imi_tui.i18n import build

        if faults := build.compile_all(root / "locales"):
            raise ValueError("\n".join(faults))
        for path in sorted((root / "locales").glob("*/LC_MESSAGES/*.mo")):
            package = "imi_tui" if path.stem == build.DOMAIN else "imi_central"
            inside = path.relative_to(root).as_posix()
            build_data["force_include"][str(path)] = f"{package}/{inside}"
