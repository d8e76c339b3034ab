"""The three sets of texts that are translated, and how each is read out of the source."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "locales"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2)}


@dataclass(frozen=True)
class Domain:
    """A set of texts: its name is that of its files, `package` is what is delivered with it."""

    name: str
    about: str
    package: str
    extract: Callable[[Catalog], None]
    ordered: bool = False
    """Whether the order of the texts says something to a translator; else they are sorted."""

    @property
    def template(self) -> Path:
        """The file translations start from."""
        return LOCALES / f"{self.name}.pot"

    def texts(self) -> Catalog:
        """Every text as it stands in the source now, with translators' comments and without places."""
        catalogue = Catalog(header_comment=f"# {self.about} ({self.name}).", charset="utf-8")
        self.extract(catalogue)
        return catalogue


_LABEL = re.compile(r"(?<=\bN_\(\")[^\"]+(?=\"\),\s+N_\(\"([^\"]+)\"\))")
"""A label of the registry of actions that stands right before what the action does."""
_FEW = 3
PLACES = {
    "actions/__init__.py": "The heading of a group of actions in the menu.",
    "asking.py": "A keyboard layout to choose.",
    "cli.py": "A heading of the program's help.",
    "commands/__init__.py": "What a command does, in the list of commands.",
    "commands/common.py": "A question on the command line.",
    "commands/doctor.py": "The name or the state of something that is checked, in a column.",
    "commands/finding.py": "How a check ended, in a column.",
    "commands/machine.py": "The name or the state of something that is checked, in a column.",
    "commands/outbox.py": "What became of an entry that was written for a case.",
    "config/provenance.py": "Where the value of a setting comes from.",
    "config/themes.py": "A set of colours.",
    "export/casefile.py": "A heading or label of the printed case file.",
    "export/service.py": "A kind of file to choose.",
    "export/tables.py": "The head or a value of a column in a table of cases; or what the columns are about.",
    "forms/compose.py": "A step of writing a request, or how long it may take.",
    "forms/form.py": "What stands at or in a field of a form.",
    "forms/phrases.py": "What a placeholder of a standard text stands for.",
    "names.py": "A legal area, as a column and a list name it.",
    "problems.py": "Why synchronising does not work, in the line at the top.",
    "screens/acting.py": "An answer: go or stay.",
    "screens/assigning.py": "The heading or an answer where a case is given to a colleague.",
    "screens/authorities.py": "What of the register is listed.",
    "screens/case.py": "A tab of a case, or its heading.",
    "screens/conflict.py": "The heading of the page about an entry that was refused.",
    "screens/drafts.py": "The heading or a part of a row in the list of drafts.",
    "screens/export.py": "The heading of or a message about an export.",
    "screens/outbox.py": "The heading, a message or a part of a row in the list of entries that wait to be sent.",
    "screens/own.py": "The heading, a message or an answer where an officer notes something about a case.",
    "screens/phrases.py": "A heading or label where standard texts are kept.",
    "viewmodel/asking.py": "By what a list of authorities is narrowed, or how many it has.",
    "viewmodel/assigning.py": "A heading, or who looks after a case.",
    "viewmodel/authority_record.py": "A label or value in the record of a public authority.",
    "viewmodel/case.py": "The part that an authority has in a case, a tab, or what stands at an answer.",
    "viewmodel/conflict.py": "A heading over what one wrote, or over what others wrote meanwhile.",
    "viewmodel/exporting.py": "A label or value where one chooses what is exported.",
    "viewmodel/files.py": "What is said of a file of a case.",
    "viewmodel/news.py": "When a case is due, in a message about news.",
    "viewmodel/other_side.py": "What the other authority sees of a case.",
    "viewmodel/outgoing.py": "What becomes of an entry that waits to be sent.",
    "viewmodel/own.py": "When a case that was put off comes back, or what an officer noted.",
    "viewmodel/related.py": "Why another case may belong to this one.",
    "viewmodel/rows.py": "What is said of a case in a row of the list.",
    "viewmodel/searching.py": "What a term of the search means, or one of its values.",
    "viewmodel/status.py": "What the synchronisation does or waits for, in the line at the top.",
    "viewmodel/views.py": "A view or an order of the list.",
    "viewmodel/writing.py": "A heading where a request is read through before it is sent.",
    "widgets/authority_list.py": "A label or mark in the list of authorities.",
    "widgets/choice.py": "The key that opens a choice, as printed on it.",
}
"""What short texts of a module are, where they have no comment of their own."""


@functools.cache
def _helps(path: Path) -> dict[str, str]:
    """What the actions of a module do, by their labels."""
    return {found[0]: found[1] for found in _LABEL.finditer(path.read_text("utf-8"))}


def _about(package: str, file: str, message: str | tuple[str, ...]) -> list[str]:
    """A comment for a text too short to be understood alone; none for others."""
    text = message if isinstance(message, str) else message[0]
    if len(text.split()) > _FEW:
        return []
    if does := _helps(ROOT / package / file).get(text):
        return [f"An action, in the footer and the menu; what it does: {does}"]
    return [PLACES[file]] if package == "imi_tui" and file in PLACES else []


def _of_python(package: str) -> Callable[[Catalog], None]:
    def extract(catalogue: Catalog) -> None:
        source = ROOT / package
        found = extract_from_dir(
            source,
            [("**.py", "python")],
            {},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for file, _line, message, comments, context in sorted(found, key=lambda item: (str(item[2]), item[4] or "")):
            if message:
                told = comments or _about(package, file, message)
                catalogue.add(message, None, auto_comments=told, context=context)

    return extract


_SHORT = "in a column of 12 to 24 cells, so short"
_KINDS = (
    (r"\.state\.\w+\.todo$", f"What one's own desk has to do with a case, {_SHORT}."),
    (r"\.state\.\w+$", f"The state of a case, {_SHORT}."),
    (r"\.action\.\w+$", "What an officer does with a case; the name of a command."),
    (r"\.title$", "The name of a procedure."),
    (r"\.block\.", "The heading of a group of questions."),
    (r"\.question\.", "A question that one authority asks another."),
    (r"\.option\.", "An answer to choose."),
)


def _of_procedures(catalogue: Catalog) -> None:
    # Not at import time: a build of the wheel compiles only, and has neither msgspec nor a catalogue to read.
    from imi_central.catalogue import load
    from imi_core.procedure import label_ids

    for rules in load():
        for label, text in label_ids(rules).items():
            comments = [comment for pattern, comment in _KINDS if re.search(pattern, label)][:1]
            catalogue.add(text, None, context=label, auto_comments=comments)


DOMAINS = {
    domain.name: domain
    for domain in (
        Domain("imi_tui", "Texts of the terminal client", "imi_tui", _of_python("imi_tui")),
        Domain("imi_catalogue", "Texts of the procedures", "imi_central", _of_procedures, ordered=True),
        Domain("imi_central", "Texts of the server's pages", "imi_central", _of_python("imi_central")),
    )
}
