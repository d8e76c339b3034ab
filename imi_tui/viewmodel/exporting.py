"""What an officer chooses before an export, and the log of exports in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from imi_core.text import display
from imi_tui import i18n
from imi_tui.export import mark as marks
from imi_tui.export.service import FORMAT_NAMES
from imi_tui.i18n import N_, _, ngettext
from imi_tui.i18n.joining import several, with_name
from imi_tui.profile import expanded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_core.procedure import Rules
    from imi_tui.cache.personal.export_log import Exported
    from imi_tui.export.service import Format

MEMO = "export"
"""Under this name the cache keeps the last choice."""
STATES = {"begun": N_("not known to be written"), "done": N_("written"), "failed": N_("not written")}


def usual_folder() -> str:
    """Where files usually go."""
    return "~/Downloads/" if expanded("~/Downloads").is_dir() else "~/"


@dataclass
class Choice:
    """Format, language, folder, and whether translations go along; `formats` are those that can be chosen here."""

    formats: tuple[Format, ...]
    format: Format
    language: str
    folder: str
    translations: bool = True

    @classmethod
    def remembered(cls, kept: str, formats: tuple[Format, ...], language: str, folder: str) -> Choice:
        """The last choice as far as it fits here, else the first format, this language and the usual folder."""
        try:
            found = json.loads(kept or "{}")
        except ValueError:
            found = {}
        if not isinstance(found, dict):
            found = {}
        wanted = found.get(_key(formats))
        chosen = cast("Format", wanted) if wanted in formats else formats[0]
        return cls(
            formats, chosen, language, str(found.get("folder") or folder), found.get("translations") is not False
        )

    def memo(self, kept: str) -> str:
        """What to keep of it. The language is not: it is that of the reader, whoever that is the next time."""
        try:
            found = json.loads(kept or "{}")
        except ValueError:
            found = {}
        before = found if isinstance(found, dict) else {}
        mine: dict[str, object] = {_key(self.formats): self.format, "folder": self.folder}
        before.pop("translations", None)
        mine |= {} if self.translations else {"translations": False}
        return json.dumps({**before, **mine}, ensure_ascii=False)

    def rows(self, files: tuple[int, int], *, translated: bool = False) -> list[tuple[str, str | None]]:
        """The lines of the dialogue with their values. `files`: (on this machine, of all) of the case.

        `translated`: there are translations that could go along.
        """
        here, every = files
        names = i18n.languages()
        out: list[tuple[str, str | None]] = [
            (_line(_("Format"), _(FORMAT_NAMES[self.format])), "format"),
            (_line(_("Language"), names.get(self.language, self.language)), "language"),
            (_line(_("Folder"), display(self.folder)), "folder"),
        ]
        if translated:
            # Translators: of the translations of a case, whether they go into an exported file; max-length:30.
            told = _("included") if self.translations else _("left out")
            # Translators: a line of a dialogue, before "included" or "left out".
            out.append((_line(_("Translations"), told), "translations"))
        if self.format == "pdf" and every:
            text = ngettext("{here} of {count} file is here", "{here} of {count} files are here", every)
            told = text.format(here=here, count=every)
            if here < every:
                told = several((told, _("Enter fetches the rest")))
            out.append((_line(_("Files"), told), "files" if here < every else None))
        return [*out, (_("Export now"), "write")]


def _key(formats: tuple[Format, ...]) -> str:
    return "case" if "pdf" in formats else "list"


def _line(label: str, value: str) -> str:
    return with_name(label, value)


def spoken(procedures: Sequence[Rules]) -> tuple[str, ...]:
    """The languages in which all of these have texts on this machine."""
    return tuple(set.intersection(*(set(rules.labels) for rules in procedures))) if procedures else ()


def labels_note(known: Sequence[str], language: str) -> str:
    """What stays English in a file of this language, "" for nothing. `known`: languages with labels of the case."""
    if language in ("en", i18n.PSEUDO) or language in known:
        return ""
    return _("Texts of the procedure are not on this machine in this language; they stay English.")


def notice() -> str:
    """What the officer takes on."""
    return marks.short_notice() + ". " + _("The export is noted on this machine, and the file says that it is yours.")


def log_lines(entries: Sequence[Exported]) -> list[str]:
    """The log, the newest first, two lines an entry."""
    out = []
    for each in entries:
        when = display(each.at)[:16].replace("T", " ")
        what = ngettext("{count} case", "{count} cases", each.cases).format(count=each.cases)
        named = _("Outbox") if each.kind == "outbox" else display(each.what)
        if each.kind in ("list", "outbox"):
            named = f"{named}, {what}"
        state = _(STATES.get(each.state, each.state))
        out.append(f"{when} UTC  {named}  {display(each.officer_name or each.officer)}")
        out.append(f"    {state}: {display(each.path)}")
    return out or [_("Nothing was exported from this machine.")]
