"""The three sets of texts that are translated, and how each is read out of the source."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "locales"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


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
        for _file, _line, message, comments, context in sorted(found, key=lambda item: (str(item[2]), item[4] or "")):
            if message:
                catalogue.add(message, None, auto_comments=comments, context=context)

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
