"""Reading definitions: a lifecycle or a module in TOML, checked so that nothing fails later in front of an officer."""

from __future__ import annotations

from imi_core.definition_checks import check_lifecycle, check_procedure
from imi_core.definition_file import decode
from imi_core.errors import DefinitionError
from imi_core.procedure import Lifecycle, Procedure, Rules


def load_lifecycle(text: str, source: str) -> Lifecycle:
    """Read a lifecycle from TOML. Raises `DefinitionError` naming `source`, the key and what is allowed there."""
    lifecycle = decode(text, source, Lifecycle)
    check_lifecycle(source, lifecycle)
    return lifecycle


def load_procedure(text: str, source: str, lifecycles: dict[str, Lifecycle]) -> Rules:
    """Read a module from TOML and join it to its lifecycle. Raises `DefinitionError`."""
    procedure = decode(text, source, Procedure)
    lifecycle = lifecycles.get(procedure.lifecycle)
    if lifecycle is None:
        raise DefinitionError(
            source, "lifecycle", f"there is no lifecycle {procedure.lifecycle!r}", tuple(sorted(lifecycles))
        )
    check_procedure(source, procedure, lifecycle)
    return Rules(procedure=procedure, lifecycle=lifecycle)
