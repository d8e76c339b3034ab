"""An entry that is being written. Apart from the other values: what makes the class is loaded when one is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from imi_tui.cache.ids import TRANSLATE


def own_translation(id: str, case: tuple[str, str], of: tuple[str, str, str], text: str, lang: str) -> Draft:
    """A translation into `lang` for the desk of `case`; `of` is the entry, the part of it and its language."""
    entry, part, _source = of
    return Draft(
        id=id,
        desk=case[0],
        procedure="",
        action=TRANSLATE,
        case_id=case[1],
        target=entry,
        answers={part: text},
        lang=lang,
    )


@dataclass(slots=True)
class Draft:
    """An entry being written; saved while typing. `case_id` is empty for the first entry of a new case.

    `based_on` and `after` are what its author had in front of them (see `Seen`); with neither, the case as it is here.
    """

    id: str
    desk: str
    procedure: str
    action: str
    case_id: str = ""
    target: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    lang: str = ""
    based_on: int = 0
    saved_at: str = ""
    after: list[str] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    """``{blobId, name, personal}`` each; the id is `LOCAL` and that of a file to be sent, which
    `imi_tui.cache.files.local_files` keeps."""

    @property
    def written(self) -> bool:
        """Whether anybody wrote something: what is taken back then stays as a draft.

        The days of an acceptance are asked for with a proposal and are no writing; a new case is one even when empty.
        """
        return bool(not self.case_id or self.text.strip() or self.attachments or set(self.answers) - {"agreed_days"})
