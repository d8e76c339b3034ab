"""Whether what an entry builds on, or would overwrite, has changed since its author looked.

The case says at which version each of its facets, and each answer, last changed; an entry says which version its author
saw. An action that writes a facet also reads it, so whoever changed it last had seen what was there before: to compare
with the last change is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core import answers as forms
from imi_core.errors import ActionRefused

if TYPE_CHECKING:
    from collections.abc import Collection

    from imi_core.case import Answers, Case, Entry
    from imi_core.procedure import Action, Facet, Rules


def builds_on(action: Action, earlier: Action) -> bool:
    """Whether `action` can be stale because `earlier` was taken."""
    if isinstance(action.reads, bool):
        return action.reads and (earlier.content or earlier.starts or earlier.target is not None)
    # What a case starts with makes nothing stale.
    return not earlier.starts and not earlier.writes.isdisjoint(action.reads)


def check(rules: Rules, action: Action, case: Case, entry: Entry, own: Collection[int]) -> None:
    """Raise `ActionRefused` "stale" where the author of `entry` has not seen what `action` reads.

    `own`: versions beyond `entry.based_on` that the author knew as well.
    """
    for facet, version in _last_changes(rules, action, case, entry).items():
        if version > entry.based_on and version not in own:
            raise ActionRefused(
                "stale", f"the case changed: based on version {entry.based_on}, {facet} is at {version}"
            )


def marks(action: Action, before: Case, after: Case, entry: Entry) -> dict[str, dict[str, int]]:
    """The members of `after`, which `entry` made of `before`, that say when each facet and answer changed."""
    changed: dict[Facet, bool] = {
        "request": action.form == "request",
        "part": action.target is not None and after.parts != before.parts,
        "date": "date" in action.writes and (bool(action.sets) or after.agreed_on != before.agreed_on),
        "answers": after.answers != before.answers,
        "text": action.content and entry.text is not None,
    }
    at = entry.version
    facets: dict[str, int] = {facet: at for facet, yes in changed.items() if yes}
    given = dict.fromkeys(_differing(before.answers, after.answers), at)
    return {"changed": {**before.changed, **facets}, "answered": {**before.answered, **given}}


def _last_changes(rules: Rules, action: Action, case: Case, entry: Entry) -> dict[str, int]:
    if isinstance(action.reads, bool):
        return {"content": case.content_version} if action.reads else {}
    out: dict[str, int] = {facet: case.changed.get(facet, 0) for facet in action.reads}
    if action.partial and "answers" in out:
        del out["answers"]
        form = forms.reply_form(rules, case.questions)
        after = forms.kept(form, forms.merge(case.answers, entry.answers))
        out |= {id: case.answered.get(id, 0) for id in sorted(_differing(case.answers, after))}
    return out


def _differing(before: Answers, after: Answers) -> set[str]:
    """Ids of the fields whose answer, remark or reason differs."""
    return {forms.base_id(name) for name in {**before, **after} if before.get(name) != after.get(name)}
