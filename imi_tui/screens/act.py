"""The form of one action on a case, or on several marked ones: fill in, queue. What is written is saved as a draft."""

from __future__ import annotations

import datetime as dt
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from imi_core.errors import ActionRefused, ImiError
from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.cache.errors import CacheError
from imi_tui.cache.model import OutboxItem, Queued, Seen
from imi_tui.cache.outbox.draft import Draft
from imi_tui.forms import phrases
from imi_tui.forms.form import FormModel
from imi_tui.forms.form_history import Place, Written, into_form, of_form
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.attaching import Attaching
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.screens.inserting import Inserting
from imi_tui.viewmodel import doing
from imi_tui.viewmodel.files import attached_line
from imi_tui.viewmodel.similar import RECENT, question, similar
from imi_tui.widgets.footer import ActionFooter
from imi_tui.widgets.form_view import FormView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from imi_tui.cache.model import CaseDetail
    from imi_tui.messages import LanguageChanged

MANY = 20
"""Cases of which each is read before the same is sent to all."""
AUTOSAVE = 1.0
"""Seconds from a key to the draft on disk: what a crash can cost."""


class ActScreen(Inserting, Attaching, Dialogue[list[OutboxItem | Queued]]):
    """One form; the same answers are queued for each of `cases`."""

    SCOPE = "act"
    CSS_PATH = ["base.tcss", "act.tcss"]
    BINDINGS = bindings("act")
    AUTO_FOCUS = "FormView Input, FormView TextArea, FormView Choice"

    def __init__(
        self,
        cases: list[tuple[str, str]],
        action: str,
        target: str = "",
        draft_id: str = "",
        seen: dict[tuple[str, str], Seen] | None = None,
        note: str = "",
    ) -> None:
        super().__init__()
        self._note = note
        self._cases, self._action, self._target = cases, action, target
        self._draft_id = draft_id
        self._seen = dict(seen or {})
        self._saving: Timer | None = None
        self._sent = False
        self._files: list[dict[str, Any]] = []
        self._form: FormView | None = None
        self._opened_for: CaseDetail | None = None

    def situation(self) -> Situation:
        """Whether the action takes files."""
        takes = self.model.rules.lifecycle.actions[self._action].attachments
        flags = {"writing", "takes_files"} if takes else {"writing"}
        return Situation(self.SCOPE, flags=frozenset(flags) | self.rewriting_flags())

    def compose(self) -> ComposeResult:
        """Heading, form, room for a refusal, keys."""
        detail = self._first()
        draft = self._draft()
        self._files = list(draft.attachments) if draft is not None else []
        # The form says what it said when it was opened, whatever a synchronisation brings meanwhile.
        for each in self._cases:
            if each not in self._seen and (found := self.store.case(*each)) is not None:
                self._seen[each] = found.seen
        if draft is not None and (draft.based_on or draft.after):
            self._seen[self._cases[0]] = Seen(draft.based_on, tuple(draft.after))
        self.model = self._read(
            detail,
            answers=draft.answers if draft is not None else None,
            text=draft.text if draft is not None else "",
            lang=(draft.lang if draft is not None else "") or self.context.writes,
        )
        self._form = FormView(self.model, self.edited)
        if self.history is None:
            self.begin_history()
        with Vertical(classes="dialogue"):
            yield Static(self._heading(detail), id="heading", markup=False)
            if self._note:
                yield Static(self._note, markup=False)
            yield self._form
            yield Static("", id="files", markup=False)
            yield Static("", id="refusal", markup=False)
            yield ActionFooter()

    def _read(self, detail: CaseDetail, *, answers: dict[str, Any] | None, text: str, lang: str) -> FormModel:
        return FormModel(
            self.store.rules(detail.case["procedure"], detail.case.get("procedureVersion", 1)),
            self._action,
            case=doing.typed(detail.case),
            answers=answers,
            text=text,
            lang=lang,
            languages=self.context.languages,
            today=self.context.today(),
            reader=doing.reader(self.store, self._cases, self._target),
        )

    def on_mount(self) -> None:
        """Show the keys."""
        self._show_files()
        self.query_one(ActionFooter).show(self.footer_items())
        for area in self.query(TextArea):
            # A text that was begun before goes on at its end.
            area.move_cursor(area.document.end)

    async def on_language_changed(self, _message: LanguageChanged) -> None:
        """Write every text again; what was written stays, and the cursor in its field."""
        self.keep()
        before, detail, form = self.model, self._first(), self.query_one(FormView)
        field = form.field
        self.model = self._read(detail, answers=before.answers, text=before.entry_text, lang=before.lang)
        if before.strict:
            self.model.demand()
        self.query_one("#heading", Static).update(self._heading(detail))
        await form.show(self.model)
        self.on_mount()
        if field:
            form.focus_field(field)

    def written(self) -> Written:
        """The form and its files."""
        return of_form(self.model)._replace(files=tuple(self._files))

    def name_of(self, place: Place) -> str:
        """The field."""
        view = self.model.view(place.field)
        return view.label if view is not None else place.field

    async def put_back(self, written: Written, place: Place) -> None:
        """Show it, in the field in which it differs."""
        into_form(self.model, written)
        self._files[:] = written.files
        self._show_files()
        form = self.query_one(FormView)
        await form.rewrite()
        if place.field:
            form.focus_field(place.field)
        self._save_soon()

    def possible_changed(self) -> None:
        """The keys follow."""
        for footer in self.query(ActionFooter):
            footer.show(self.footer_items())
        self.refresh_bindings()

    def on_form_view_changed(self, _message: FormView.Changed) -> None:
        """Save soon."""
        self._save_soon()

    def _save_soon(self) -> None:
        # Keys in between do not put it off: somebody may type for minutes without a pause.
        if self._saving is None and not self._sent:
            self._saving = self.set_timer(AUTOSAVE, self._save)

    def action_act_send(self) -> None:
        """Queue the entry, or say what is missing beside the fields."""
        self._unsaved()
        if self.model.problems():
            self.query_one(FormView).show_problems()
            return
        now = dt.datetime.now(dt.UTC)
        # Reading thousands of cases takes long, and an entry of just now makes its case one of the latest.
        many = len(self._cases) > MANY
        cases = self.store.marking.active_since(self._cases, now - RECENT) if many else self._cases
        details = [self.store.case(*each) for each in cases]
        found = [entry for each in details if each and (entry := similar(each, self._action, now))]
        if not found:
            self._send()
            return

        def answered(value: str | None) -> None:
            if value == "send":
                self._send()

        text = question(found[0], self.model.labels.action(self._action), now)
        answers = [(_("Back"), "back"), (_("Send anyway"), "send")]
        self.app.push_screen(routes.choose(text, answers), answered)

    def _send(self) -> None:
        self._stop_saving()
        items: list[OutboxItem | Queued] = []
        answers = self.model.to_send()
        first, *others = [self._entry(*case, answers) for case in self._cases]
        try:
            items.append(self.store.queue(first))
        except (ActionRefused, CacheError) as error:
            self._say_refused(error)
        if others:
            queued, refused, left = self.store.queue_alike(others)
            try:
                more, not_queued = self.store.queue_all(left) if left else ([], [])
            except CacheError as error:
                # What was queued is sent: the screen must not offer it once more.
                more, not_queued = [], [(draft, error) for draft in left]
            items += [*queued, *more]
            for _draft, reason in (*refused, *not_queued)[:1]:
                self._say_refused(reason)
        if items:
            # What a key typed just before still has to tell comes behind the one that sends, and is no draft any more.
            self._sent = True
            self.dismiss(items)

    def _say_refused(self, error: ImiError | CacheError) -> None:
        if len(self._cases) > 1:
            # The form closes with those that are queued.
            self.say(problems.sentence(error.code), problem=True)
        self.query_one("#refusal", Static).update(problems.sentence(error.code))

    def action_act_cancel(self) -> None:
        """Leave; what was written stays as a draft."""
        if self._unsaved():
            self._stop_saving()
            self._save()
            if self._draft_id:
                self.say(_("Saved as a draft."))
        self.dismiss(None)

    def on_unmount(self) -> None:
        """Whatever ends the screen, the last second of typing is kept."""
        self.keep()
        self.forget_files()

    def keep(self) -> None:
        """Save what is not saved yet, where there is room for it."""
        if self._unsaved():
            self._stop_saving()
            with suppress(CacheError):
                self._save()

    def _unsaved(self) -> bool:
        if self._sent:
            return False
        late = self._form is not None and self._form.take()
        return late or self._saving is not None

    def facts(self) -> Mapping[str, str]:
        """Of the case; of several, only what is true for each of them."""
        detail = self._first()
        mine = detail.desk
        seat = next((seat for seat in self.store.seats() if seat.desk == mine), None)
        others = [each for each in detail.case.get("parts", ()) if each.get("desk") != mine]
        one = len(self._cases) == 1
        return phrases.facts(
            self.model.rules,
            detail.case if one else {},
            own=seat.authority_name if seat is not None else "",
            other=str(others[0].get("name", "")) if others and one else "",
            officer=str(self.store.officer().get("name", "")),
            today=self.context.today(),
        )

    def desk(self) -> str:
        """The desk of the case."""
        return self._cases[0][0]

    def attached(self) -> list[dict[str, Any]]:
        """The files of the entry."""
        return self._files

    def attached_to(self) -> tuple[str, str] | None:
        """The case of the form; of several, the first."""
        return self._cases[0]

    def attachments_changed(self) -> None:
        """Show them and save."""
        self._show_files()
        self._stop_saving()
        self._save()

    def _show_files(self) -> None:
        line = attached_line(self._files, self.store.files.state)
        found = self.query_one("#files", Static)
        found.update(line)
        found.display = bool(line)

    def _first(self) -> CaseDetail:
        # The server may take the case away while somebody writes: the form goes on with what it was opened for.
        self._opened_for = self.store.case(*self._cases[0]) or self._opened_for
        # The screen below just offered this action for this case.
        assert self._opened_for is not None
        return self._opened_for

    def _draft(self) -> Draft | None:
        """The draft to go on with: the one named, else the newest for this action on this case."""
        if self._draft_id:
            return self.store.draft(self._draft_id)
        if len(self._cases) > 1:
            return None
        desk, id = self._cases[0]
        mine = [d for d in self.store.drafts() if (d.desk, d.case_id, d.action) == (desk, id, self._action)]
        found = max(mine, key=lambda draft: draft.saved_at, default=None)
        if found is not None:
            self._draft_id = found.id
        return found

    def _heading(self, detail: CaseDetail) -> str:
        name = self.model.labels.action(self._action)
        if len(self._cases) > 1:
            count = len(self._cases)
            return ngettext("{action}: {count} case", "{action}: {count} cases", count).format(action=name, count=count)
        return with_name(name, f"{detail.case.get('reference') or '-'}  {detail.case.get('subject', '')}")

    def _entry(self, desk: str, id: str, answers: dict[str, Any]) -> Draft:
        """What is queued. Under the id of its draft, so that the draft goes, and with it a refused entry it revises."""
        text = self.model.entry_text.strip()
        seen = self._seen.get((desk, id), Seen())
        return Draft(
            id=self._draft_id if (desk, id) == self._cases[0] else "",
            desk=desk,
            procedure=self.model.rules.procedure.id,
            action=self._action,
            case_id=id,
            target=self._target,
            answers=answers,
            text=self.model.entry_text if text else "",
            lang=self.model.lang,
            based_on=seen.version,
            after=list(seen.after),
            attachments=list(self._files),
        )

    def _save(self) -> None:
        self._saving = None
        if not (self.model.answers or self.model.entry_text.strip() or self._files):
            if self._draft_id:
                self.store.delete_draft(self._draft_id)
                self._draft_id = ""
            return
        # What is written for several cases is kept with the first of them.
        desk, id = self._cases[0]
        self._draft_id = self._draft_id or secrets.token_hex(16)
        seen = self._seen.get((desk, id), Seen())
        self.store.save_draft(
            Draft(
                id=self._draft_id,
                desk=desk,
                procedure=self.model.rules.procedure.id,
                action=self._action,
                case_id=id,
                target=self._target,
                answers=dict(self.model.answers),
                text=self.model.entry_text,
                lang=self.model.lang,
                based_on=seen.version,
                after=list(seen.after),
                saved_at=dt.datetime.now(dt.UTC).isoformat(),
                attachments=list(self._files),
            )
        )

    def _stop_saving(self) -> None:
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
