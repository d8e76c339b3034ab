"""Free text in a language the officer does not read: the original with its translation beside it.

A translation never takes the place of the original, and a machine's says that it is one and binds nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.errors import ImiError
from imi_core.languages import NAMES
from imi_tui.cache.errors import CacheError
from imi_tui.cache.model import Wish
from imi_tui.i18n import _
from imi_tui.i18n.dates import moment
from imi_tui.i18n.phrasing import language_name
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from imi_tui.viewmodel.view import View

Wire = dict[str, Any]
TEXT = "text"
"""The part of an entry that is its text (`imi_core.translating`)."""


class Foreign(NamedTuple):
    """One free text in a language the officer does not read. `lang`: "" where nobody said; `translated` may be ""."""

    entry: str
    part: str
    lang: str
    text: str
    translated: str


def chosen(reads: str, language: str) -> tuple[str, ...]:
    """The languages an officer reads: those of the setting, best first, else that of the program."""
    named = tuple(each for each in (part.strip() for part in reads.split(",")) if each in NAMES)
    return named or (language if language in NAMES else "en",)


def language(view: View, entry: Wire) -> str:
    """The language an entry is written in; "" where nobody said."""
    said = str((entry.get("text") or {}).get("lang") or entry.get("lang") or "")
    if said in ("", "und") and _form(view, entry) == "request":
        said = str(view.case.get("lang") or "")
    return "" if said == "und" else said


def is_foreign(view: View, entry: Wire) -> bool:
    """Whether an entry the server has may need a translation: of one that says no language, only another desk's."""
    if not entry.get("id") or entry.get("clientRef") in view.detail.pending or entry.get("redacted"):
        return False
    said = language(view, entry)
    return said.partition("-")[0] not in view.reads if said else entry.get("desk") != view.detail.desk


def of_request(view: View) -> Wire:
    """The entry by which the request stands as it does; empty where it is not here."""
    return next((each for each in reversed(view.detail.entries) if _form(view, each) == "request"), {})


def replies(view: View) -> list[Wire]:
    """The entries that answered, oldest first."""
    return [each for each in view.detail.entries if _form(view, each) == "reply"]


def of_answer(view: View, part: str) -> Wire:
    """The entry an answer of the reply came with; empty where it is not here."""
    return next((each for each in reversed(replies(view)) if part in (each.get("answers") or {})), {})


def pair(view: View, entry: Wire, part: str, said: str) -> list[Block] | None:
    """A text with its translation beside it and who made that, or why there is none; None: nothing is to be said."""
    made = best(view, entry, part)
    if made is None:
        kept = is_foreign(view, entry) and any(part in each.get("omitted", ()) for each in _of(view, entry))
        return [Block(said, remote=True), Block(_none("personalData"), "quiet", indent=2)] if kept else None
    lang = source(view, entry, made)
    tag = f"[{language_name(lang)}] " if lang else ""
    mine = f"[{language_name(str(made['lang']))}] "
    translated = mine + str(made["texts"][part])
    return [
        Block(tag + said, remote=True, aside=translated, aside_remote=True),
        Block(_by(made), "quiet", indent=2),
    ]


def standing(view: View, entry: Wire) -> list[Block]:
    """What is to be said of an entry's translations that are not here: asked for, being made, none."""
    if not is_foreign(view, entry):
        return []
    for wish in view.detail.wishes:
        if wish.entry == entry["id"]:
            told = _("A translation is asked for with the next synchronisation.")
            return [Block(_none(wish.problem) if wish.problem else told, "quiet", indent=2)]
    made = [each for each in _of(view, entry) if each.get("engine")]
    if not made or made[-1].get("state", "done") == "done":
        return []
    waits = made[-1]["state"] == "waiting"
    return [Block(_("A translation is being made.") if waits else _none("noTranslation"), "quiet", indent=2)]


def foreign(view: View) -> list[Foreign]:
    """All free texts in languages the officer does not read, in the order of the entries."""
    from imi_core.translating import free_texts
    from imi_tui.cache.wire import to_case, to_entry

    entries = [entry for entry in view.detail.entries if is_foreign(view, entry)]
    if not entries:
        return []
    try:
        case = to_case(view.case)
        texts_of = [(entry, free_texts(view.rules, case, to_entry(entry))) for entry in entries]
    except (CacheError, ImiError):
        return []
    out = []
    for entry, texts in texts_of:
        for each in texts:
            made = best(view, entry, each.part)
            translated = str(made["texts"][each.part]) if made is not None else ""
            out.append(Foreign(str(entry["id"]), each.part, language(view, entry), each.text, translated))
    return out


def wanted(view: View, lang: str = "") -> list[Wish]:
    """What the server's service can be asked for: an entry of which a text lacks, none that is being made."""
    lang = lang or view.reads[0]
    lacking = {each.entry for each in foreign(view) if not each.translated}
    asked = {wish.entry for wish in view.detail.wishes if not wish.problem}
    made = {str(each.get("entryId")) for each in view.detail.translations if _stands(each, lang)}
    out = []
    for entry in view.detail.entries:
        id = str(entry.get("id", ""))
        if id in lacking - asked - made:
            said = language(view, entry).partition("-")[0]
            out.append(Wish(view.detail.desk, view.detail.id, id, said if said in NAMES else "", lang))
    return out


def _stands(made: Wire, lang: str) -> bool:
    return bool(made.get("engine")) and made.get("lang") == lang and made.get("state", "done") != "failed"


def _of(view: View, entry: Wire) -> list[Wire]:
    return [each for each in view.detail.translations if each.get("entryId") == entry.get("id")]


def best(view: View, entry: Wire, part: str) -> Wire | None:
    """The translation to show: a colleague's before a machine's, the newest before older ones."""
    if not is_foreign(view, entry):
        return None
    fitting = [each for each in _of(view, entry) if part in (each.get("texts") or {}) and each["lang"] in view.reads]
    return max(fitting, key=rank, default=None)


def source(view: View, entry: Wire, made: Wire) -> str:
    """The language of the text that `made` translates, "" where neither the entry nor the translation says."""
    return language(view, entry) or str(made.get("source", ""))


def rank(made: Wire) -> tuple[bool, bool, str]:
    """Of several translations of a text the greatest is shown."""
    return not made.get("engine"), not made.get("at"), str(made.get("at"))


def _by(made: Wire) -> str:
    when = moment(str(made["at"])) if made.get("at") else _("queued on this machine")
    if made.get("engine"):
        text = _("Machine translation, not binding: {engine}, {when}")
        return text.format(engine=named(str(made["engine"])), when=when)
    name = named(str(made.get("officerName") or made.get("officer", "")))
    return _("Translated at your desk by {name}, {when}").format(name=name, when=when)


def _none(code: str) -> str:
    from imi_tui import problems

    return _("No translation: {reason}").format(reason=problems.sentence(code))


def _form(view: View, entry: Wire) -> str:
    action = view.rules.lifecycle.actions.get(str(entry.get("action", "")))
    return action.form if action is not None else ""
