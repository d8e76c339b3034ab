"""Standard texts: phrases that come with the program, in every language of the Union.

They are sentences as authorities write them to each other, and nobody's official wording. An officer inserts one, in
the language of what is being written, and goes on from there; one that is to read differently becomes their own phrase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_tui.cache.personal.snippets import Phrase
from imi_tui.i18n import N_, _, speaking
from imi_tui.i18n.languages import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

ID = "standard:"
"""How the ids of these phrases begin; no phrase of an officer's has such a one."""


class Standard(NamedTuple):
    """One of them: its title and text (message ids), and the actions that it was written for."""

    id: str
    title: str
    text: str
    actions: frozenset[str]


def _standard(id: str, title: str, text: str, actions: str) -> Standard:
    return Standard(ID + id, title, text, frozenset(actions.split()))


TEXTS = (
    _standard(
        "reason",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Reason for the request"),
        # Translators: written by one authority to another one; formal and natural.
        N_("We need this information in order to carry out a check for which we are competent."),
        "send modify",
    ),
    _standard(
        "competent",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Not competent"),
        # Translators: written by one authority to another one; formal and natural.
        N_(
            "We are not the competent authority for this matter. Please address your request to the competent"
            " authority."
        ),
        "refuse forward",
    ),
    _standard(
        "details",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("More details"),
        # Translators: written by one authority to another one; formal and natural. What is needed is written behind it.
        N_("To be able to reply, we need more details on the following points:"),
        "message ask_clarification",
    ),
    _standard(
        "documents",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Documents needed"),
        # Translators: written by one authority to another one; formal and natural.
        N_("Please attach copies of the documents on which your request is based."),
        "message",
    ),
    _standard(
        "reminder",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Reminder"),
        # Translators: written by one authority to another one; {reference} is the number of the request, {sent} a date.
        N_("We refer to our request {reference} of {sent} and should be grateful for your reply."),
        "message",
    ),
    _standard(
        "time",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("More time"),
        # Translators: written by one authority to another one; formal and natural. A day is written behind it.
        N_("We need more time to obtain the information requested. We expect to be able to reply by:"),
        "change_date message",
    ),
    _standard(
        "partly",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Partial reply"),
        # Translators: written by one authority to another one; formal and natural.
        N_(
            "Below we answer the questions on which information is already available. The remaining answers will"
            " follow."
        ),
        "reply_partly",
    ),
    _standard(
        "nothing",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Nothing found"),
        # Translators: written by one authority to another one; formal and natural.
        N_("We have checked the registers available to us and found no matching entry."),
        "reply reply_partly answer_clarification",
    ),
    _standard(
        "sufficient",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Reply sufficient"),
        # Translators: written by one authority to another one; formal and natural.
        N_("Thank you for your reply. It answers our questions; the case can be closed."),
        "close",
    ),
    _standard(
        "incomplete",
        # Translators: the title of a standard text, in a list; the text itself comes next.
        N_("Reply incomplete"),
        # Translators: written by one authority to another one; formal and natural. The point is written behind it.
        N_("Thank you for your reply. The following point is still open:"),
        "ask_clarification",
    ),
)


def is_standard(phrase: Phrase) -> bool:
    """Whether a phrase came with the program."""
    return phrase.id.startswith(ID)


def phrases(languages: Iterable[str], action: str = "") -> list[Phrase]:
    """All of them in each of these languages, those for an action first.

    Their titles, in place of abbreviations, are in the officer's language, whatever the text is in.
    """
    ordered = sorted(TEXTS, key=lambda each: action not in each.actions)
    titles = [_(each.title) for each in ordered]
    out: list[Phrase] = []
    for lang in dict.fromkeys(languages):
        if lang not in NAMES:
            continue
        with speaking(lang):
            out += [Phrase(each.id, title, lang, _(each.text)) for each, title in zip(ordered, titles, strict=True)]
    return out
