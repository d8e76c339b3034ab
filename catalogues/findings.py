"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a catalogue: which rule, in which file and entry, what it is and what to do."""

    rule: str
    file: str
    entry: str
    language: str
    says: str
    do: str

    def __str__(self) -> str:
        entry = f" {self.entry!r}" if self.entry else ""
        return f"{self.file}:{entry} [{self.rule}] {self.says} -> {self.do}"
