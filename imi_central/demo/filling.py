"""Fills forms and writes texts for demo cases, in the language of whoever writes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from imi_core import answers as forms

if TYPE_CHECKING:
    import random

    from imi_central.demo.europe import Europe
    from imi_core.authority import Seat
    from imi_core.case import Answers, Case
    from imi_core.procedure import Field, Rules

_TEXTS = {
    "reply": ("reply", "text"),
    "reply_partly": ("reply", "partial"),
    "ask_clarification": ("clarification", "ask"),
    "answer_clarification": ("clarification", "answer"),
    "message": ("message", "text"),
    "withdraw": ("reason", "withdraw"),
    "forward": ("reason", "forward"),
    "refuse": ("reason", "refuse"),
    "change_date": ("reason", "change_date"),
}


class Filler:
    """Writes for one case: the same person, undertaking and profession all along."""

    def __init__(self, europe: Europe, rng: random.Random, initiator: Seat, responder: Seat) -> None:
        self.europe, self.rng = europe, rng
        abroad = europe.people[responder.country]
        home = europe.people[initiator.country]
        self.profession = rng.randrange(12)
        self.names = {
            "company": rng.choice(abroad.companies),
            "person": abroad.name(rng),
            "town": rng.choice(home.towns),
            "date": f"{dt.date(2026, 1, 5) + dt.timedelta(days=rng.randrange(250))}",
            "number": str(rng.randrange(2, 40)),
        }
        self._drawn: dict[str, tuple[str, str, str, int]] = {}
        """Of each text that was written, its language, where it stands in `Europe.texts`, and which variant it is."""
        self.address = f"{rng.choice(abroad.streets)} {rng.randrange(1, 120)}, {rng.choice(abroad.towns)}"

    def text(self, rules: Rules, action: str, language: str) -> str:
        """The free text of an entry; empty where the action has none."""
        if action in ("send", "modify"):
            return self._draw(language, rules.procedure.id, "remark")
        section = _TEXTS.get(action)
        return self._draw(language, *section) if section else ""

    def answers(self, rules: Rules, action: str, case: Case | None, language: str) -> Answers:
        """Answers that fit the action's form."""
        out: Answers = {}
        form = forms.form_for(rules, action, case)
        asked = forms.question_ids(rules, None if rules.lifecycle.actions[action].form == "request" else case)
        partial = rules.lifecycle.actions[action].partial
        for position, field in enumerate(form.fields):
            if not forms.shown(field, out) or (partial and position % 2 and not field.needed):
                continue
            if not field.needed and not (partial and position == 0) and self.rng.random() < 0.25:
                continue
            if action == "reply" and self.rng.random() < 0.08 and field.needed:
                out[field.id + forms.CANNOT] = self._draw(language, "reply", "cannot")
                continue
            if field.type == "date":
                out[field.id] = _day(field.id, self.rng.randrange(500), out)
            else:
                out[field.id] = self._value(rules, field, asked, language)
        return out

    def said_in(self, text: str, language: str) -> str:
        """What was written as `text`, in another language; "" where it was not drawn, or was cut."""
        if text not in self._drawn:
            return ""
        _language, section, key, variant = self._drawn[text]
        variants = self.europe.texts[language][section][key]
        return self._told(language, variants[variant]) if variant < len(variants) else ""

    def _draw(self, language: str, section: str, key: str) -> str:
        variants = self.europe.texts[language][section][key]
        variant = self.rng.randrange(len(variants))
        text = self._told(language, variants[variant])
        self._drawn[text] = language, section, key, variant
        return text

    def _told(self, language: str, variant: str) -> str:
        professions = self.europe.texts[language]["professions"]["names"]
        names = {**self.names, "profession": professions[self.profession % len(professions)]}
        # A legal form such as "S.L." at the end of a sentence would double the full stop.
        return variant.format(**names).replace("..", ".")

    def _value(self, rules: Rules, field: Field, asked: tuple[str, ...], language: str) -> Any:
        rng = self.rng
        match field.type:
            case "boolean":
                return rng.choices(("yes", "no", "cannot_say"), (6, 3, 1))[0]
            case "single":
                return rng.choice(field.options).id
            case "multi":
                options = [option.id for option in field.options]
                return sorted(rng.sample(options, rng.randint(1, min(2, len(options)))), key=options.index)
            case "questions":
                return sorted(rng.sample(asked, rng.randint(1, min(5, len(asked)))), key=asked.index)
            case "question":
                return rng.choice(asked)
            case "days":
                return rng.choice((5, 7, 10, 14, 14, 21))
            case "number":
                return rng.randint(field.minimum or 0, min(field.maximum or 60, 60))
            case "amount":
                return f"{rng.randrange(200, 40_000)}.00 EUR"
            case "country":
                return rng.choice(sorted(self.europe.people))
        return self._words(rules, field, language)[: field.max_length]

    def _words(self, rules: Rules, field: Field, language: str) -> str:
        procedure = rules.procedure
        if field.id == procedure.subject:
            return self._draw(language, procedure.id, "subject")
        if "justification" in field.id or "urgency" in field.id or "reason" in field.id:
            return self._draw(language, procedure.id, "justification")
        name = field.id
        if "address" in name or name in ("site", "place", "workplace"):
            return self.address if "company" in name else self.names["town"]
        if "vat" in name:
            return f"XX{self.rng.randrange(10**8, 10**9)}"
        if "register" in name or "number" in name or "document" in name:
            return f"{self.rng.randrange(10**5, 10**6)}"
        if "company" in name or "provider" in name or "undertaking" in name:
            return self.names["company"]
        if "profession" in name or "title" in name or "qualification" in name:
            professions = self.europe.texts[language]["professions"]["names"]
            return professions[self.profession % len(professions)]
        if "family" in name:
            return self.names["person"].split()[-1]
        if "first" in name or "given" in name:
            return self.names["person"].split()[0]
        if field.personal and field.type == "text":
            return self.names["person"]
        if name == "workers":
            return f"{self.names['person']}, {dt.date(1985, 3, 4)}, A1 {self.rng.randrange(10**5, 10**6)}"
        return self._draw(language, "reply", "text")


def _day(id: str, drawn: int, before: Answers) -> str:
    """A believable day, `drawn` from 0 to 499: births long ago, the end of a period after its beginning."""
    if "birth" in id:
        return str(dt.date(1960, 1, 1) + dt.timedelta(days=25 * drawn))
    if id in ("qualification_date", "GQ-01-date"):
        return str(dt.date(1996, 6, 1) + dt.timedelta(days=20 * drawn))
    stem = max(id.rpartition("-")[0], id.rpartition("_")[0], key=len)
    start = next((str(before[stem + end]) for end in ("_from", "-from", "-since") if stem + end in before), None)
    if start is not None:
        return str(dt.date.fromisoformat(start) + dt.timedelta(days=20 + drawn // 3))
    return str(dt.date(2025, 6, 1) + dt.timedelta(days=drawn))
