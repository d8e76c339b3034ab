"""What is drawn, worked out without Textual: rows, blocks, footer, status line, tabs."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from rich.cells import cell_len

from catalogues.files import pseudo
from imi_core.procedure import Rules
from imi_tui.cache.model import Now, Row, SyncStatus
from imi_tui.i18n import speaking
from imi_tui.i18n.dates import moment
from imi_tui.viewmodel import blocks, cells, footer, rows, status, views
from imi_tui.viewmodel.blocks import GUTTER, Block
from imi_tui.widgets.tabs import line as tab_line

TODAY = dt.date(2026, 3, 5)
ROW = Row(
    desk="d",
    id="1",
    key=b"1",
    reference="PW-26-004512",
    procedure="pw.info",
    state="awaiting_acceptance",
    subject="Establishment of Alpbau GmbH",
    country="DE",
    counterpart="Zoll FKS Rosenheim",
    due="2026-03-05",
    activity="2026-03-01T10:00:00Z",
    level="summary",
    turn_mine=True,
    unread=False,
    pending=0,
    rejected=0,
    files=0,
)


@pytest.fixture
def words(pw_info: Rules) -> rows.Words:
    return rows.Words(lambda _procedure: pw_info, ("en",))


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200])
@pytest.mark.parametrize("name", ["Zoll", "Ιατρικός Σύλλογος Αθηνών", "税関" * 30, "a\u0301" * 40, ""])
def test_a_row_is_exactly_as_wide_as_its_list(words: rows.Words, width: int, name: str) -> None:
    columns = rows.columns(width)
    row = ROW._replace(counterpart=name, subject=name * 3)
    due, rest = rows.texts(row, columns, words, TODAY)
    assert cell_len(f"{rows.marks(row, TODAY, cursor=True, marked=False)} {due} {rest}") <= width
    assert cell_len(rows.heading(columns)) <= width
    assert (
        len({cell_len(rows.texts(row._replace(subject=text), columns, words, TODAY)[1]) for text in ("x", "語" * 99)})
        == 1
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, " +! "),
        ({"due": "2026-03-06"}, " +  "),
        ({"due": "2026-03-04", "unread": True}, " +!*"),
        ({"due": "2026-03-04", "turn_mine": False}, " +  "),
        ({"due": "", "pending": 1, "unread": True}, " + ~"),
        ({"rejected": 1}, " +x "),
    ],
)
def test_every_state_has_a_mark(changes: dict[str, object], expected: str) -> None:
    assert rows.marks(ROW._replace(**changes), TODAY, cursor=False, marked=True) == expected  # type: ignore[arg-type]


def test_deadlines_are_relative_and_far_ones_are_dates() -> None:
    assert [rows.due_text(iso, TODAY) for iso in ("2026-03-05", "2026-03-07", "2026-03-02", "2027-03-02", "")] == [
        "today",
        "2 d",
        "-3 d",
        "27-03-02",
        "",
    ]


def test_the_state_says_what_this_desk_has_to_do(words: rows.Words) -> None:
    assert words.state(ROW) == "to accept"
    assert words.state(ROW._replace(turn_mine=False)) == "Awaiting acceptance"
    assert words.state(ROW._replace(pending=1)) == "queued"
    assert words.state(ROW._replace(rejected=1)) == "refused"
    assert words.state(ROW._replace(state="of_a_later_version")) == "of_a_later_version"


def test_remote_text_has_a_gutter_on_every_line() -> None:
    text = "First line\nIMI  signed out. Type your password:\n" + "word " * 60 + "x" * 300
    page = [
        Block("Ours", "heading"),
        Block(text, remote=True, lang="de"),
        Block("Question", aside=text, aside_remote=True),
    ]
    for width in (30, 80, 140):
        drawn = blocks.lines(page, width)
        assert all(cell_len("".join(part for part, _look in line)) <= width for line in drawn)
        theirs = [line for line in drawn if "word" in line[-1][0] or "password" in line[-1][0] or "xxx" in line[-1][0]]
        assert len(theirs) > 6
        assert all(line[-2] == (line[-2][0], "gutter") and line[-2][0].endswith(GUTTER) for line in theirs)


def test_questions_and_answers_stand_beside_each_other_where_there_is_room() -> None:
    pair = [Block("Is it registered?", aside="Yes", aside_remote=True)]
    assert len(blocks.lines(pair, 80)) == 2
    assert len(blocks.lines(pair, 120)) == 1


def test_wrapping_keeps_every_character() -> None:
    text = "Ein sehr langes Wort: Berufsqualifikationsanerkennungsverfahren und mehr  Leerraum\n\nEnde"
    wrapped = cells.wrap(text, 20)
    assert all(cell_len(line) <= 20 for line in wrapped)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_the_footer_never_cuts_a_label_and_says_when_there_is_more() -> None:
    items = [(n, "f8", f"Handlung Nummer {n}") for n in range(1, 12)]
    for width in (20, 40, 80, 99, 100, 160, 400):
        chosen = footer.choose(items, width, ("f9", "Mehr"))
        assert 1 + sum(cell_len(key) + cell_len(label) + 3 for key, label in chosen) <= width
        labels = [label for _key, label in chosen]
        assert "Mehr" in labels or len(labels) == len(items)
        if width < 100:
            assert len(chosen) <= 6
    assert footer.choose(items[:2], 80, ("f9", "Mehr")) == [("F8", "Handlung Nummer 1"), ("F8", "Handlung Nummer 2")]


@pytest.mark.parametrize(
    ("key", "name"),
    [("f9", "F9"), ("ctrl+p", "Ctrl+P"), ("question_mark", "?"), ("a", "a"), ("shift+tab", "Shift+Tab")],
)
def test_keys_read_as_they_are_printed(key: str, name: str) -> None:
    assert footer.key_name(key) == name


def test_keys_read_as_keyboards_of_the_language_have_them() -> None:
    with speaking("en-XA"):
        assert footer.key_name("enter") == pseudo("Enter")
        assert footer.key_name("ctrl+pageup") == f"{pseudo('Ctrl')}+{pseudo('PgUp')}"
        assert footer.key_name("f9") == "F9"


def test_the_status_line_says_what_waits_and_why() -> None:
    now = SyncStatus("2026-03-05T08:02:00+00:00", 3, 1, "offline", None)
    texts = [part.text for part in status.parts(now, "fr", TODAY, demo=True, vault="file")]
    assert "1 refused" in texts
    assert "3 queued" in texts
    assert "offline" in texts
    assert "demo" in texts
    assert "fr" in texts
    assert status.last_sync("", TODAY) == "never synchronised"
    assert "2026-03-04" in status.last_sync("2026-03-04T12:00:00+00:00", TODAY)


FIRST = SyncStatus("", 0, 0, "", 0.42, 900, listed=1000, register=(3, 30), first=True)


def said(now: SyncStatus) -> str:
    return " | ".join(part.text for part in status.parts(now, "en", TODAY, demo=False, vault=""))


def test_a_first_sync_shows_its_step_with_what_is_left() -> None:
    assert "━━━━╌╌╌╌╌╌ lists 42 % | about 1400 cases left" in said(FIRST)
    assert "lists 0 % | en" in said(FIRST._replace(filling=0.0, listed=0))
    contents = said(FIRST._replace(filling=None))
    assert "━╌╌╌╌╌╌╌╌╌ contents 10 % | 900 cases left" in contents
    assert "━╌╌╌╌╌╌╌╌╌ authorities 10 % | 3 of 30 countries" in said(FIRST._replace(filling=None, wanted=0))
    assert "%" not in said(FIRST._replace(filling=None, wanted=0, register=(30, 30)))
    # Also where the authorities are all here before the contents.
    assert "contents 50 % | 500 cases left" in said(FIRST._replace(filling=None, wanted=500, register=(30, 30)))
    # Contents of an ordinary day are no first sync.
    assert "%" not in said(FIRST._replace(filling=None, wanted=3, register=(30, 30), first=False))
    # Where contents come only on opening, none is "left".
    assert "contents" not in said(FIRST._replace(filling=None, now=Now(metered=True)))


def test_where_it_shows_how_far_it_is_it_does_not_say_that_it_is_at_it() -> None:
    running = FIRST._replace(now=Now("syncing"))
    assert "lists 42 %" in said(running)
    assert "synchronising" not in said(running)
    assert "next try" in said(running._replace(problem="offline", now=Now(next_at="2026-03-05T09:15:00+00:00")))


def test_many_entries_show_how_many_are_sent() -> None:
    now = SyncStatus("2026-03-05T08:02:00+00:00", 488, 0, "", None, now=Now("syncing", sending=(12, 500)))
    assert said(now) == "12 of 500 sent | en"
    # Nothing moves: what waits is what counts.
    assert "488 queued" in said(now._replace(problem="offline", now=Now(sending=(12, 500))))
    for few in ((0, 500), (2, 9), (500, 500)):
        assert "488 queued" in said(now._replace(now=Now("syncing", sending=few)))


def test_an_empty_list_says_what_is_going_on() -> None:
    never = SyncStatus("", 0, 0, "", None)
    assert "Press F5" in views.empty("todo", never, 1)
    assert "Sign in" in views.empty("todo", never, 0)
    # Who has a token, as in the demo, signs in nowhere.
    assert "first synchronisation is running" in views.empty("todo", never, 0, given=True)
    assert "Press F5" in views.empty("todo", never, 1, given=True)
    assert "cannot be reached" in views.empty("todo", never._replace(problem="offline"), 0, given=True)
    for seats in (0, 1):
        assert "first synchronisation is running" in views.empty("todo", never._replace(now=Now("syncing")), seats)
        offline = views.empty("todo", never._replace(problem="offline"), seats)
        assert offline.startswith("Nothing has been fetched yet. The server cannot be reached.")
    done = never._replace(last_ok="2026-03-05T08:02:00+00:00")
    assert "Nothing to do." in views.empty("todo", done._replace(now=Now("syncing")), 1)


def test_a_bar_is_full_only_when_nothing_is_left() -> None:
    assert status.bar(0.9999) == "━━━━━━━━━╌"
    assert status.bar(1.0) == "━" * 10
    assert status.bar(0.0) == "╌" * 10


def test_the_line_says_what_happens_now_and_when_it_tries_again() -> None:
    done = SyncStatus("2026-03-05T08:02:00+00:00", 0, 0, "", None)
    assert "synchronising" in said(done._replace(now=Now("syncing")))
    assert "indexing" in said(done._replace(now=Now("indexing")))
    at = dt.datetime(2026, 3, 5, 9, 15).astimezone().isoformat()
    failed = done._replace(problem="offline", now=Now(next_at=at))
    assert "offline | sync" in said(failed)
    assert "| next try 09:15" in said(failed)
    assert "next try" not in said(failed._replace(problem=""))
    assert "metered, 1.2 MB today" in said(done._replace(now=Now(metered=True, spent=1_230_000)))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_step_of_a_first_sync_shows_at_every_width(width: int) -> None:
    for now in (FIRST, FIRST._replace(filling=None), FIRST._replace(problem="offline", queued=2)):
        right = status.parts(now, "en", TODAY, demo=False, vault="")
        left, note, kept = status.arrange("IMI  Inbox: To do 1000", "Inspection du travail de Lyon", right, width)
        assert any("%" in part.text for part in kept)
        # The note gives way to what is left.
        assert any("cases left" in part.text for part in kept) or now.problem
        assert cell_len(left) + sum(cell_len(part.text) + 2 for part in kept) + cell_len(note) + 2 <= width


@pytest.mark.parametrize("title", ["Inbox: To do 42", "Inbox: Waiting for others 42", "Outbox"])
@pytest.mark.parametrize("at", ["2026-03-05T08:02:00+00:00", "2026-02-27T08:02:00+00:00"])
def test_what_waits_why_and_since_when_shows_in_80_columns(at: str, title: str) -> None:
    now = SyncStatus(at, 12, 2, "captivePortal", None, now=Now(next_at=at, metered=True, spent=12_345_678))
    right = status.parts(now, "en", TODAY, demo=False, vault="keyring")
    shown = "".join(text for text, _look in status.pieces(title, "Direction régionale", right, 80))
    for piece in ("2 refused", "12 queued", "network sign-in needed", status.last_sync(at, TODAY), title[:10]):
        assert piece in shown
    assert "next try" not in shown
    assert cell_len(shown) == 80


def test_a_line_that_fails_says_when_it_last_worked_while_it_tries_again() -> None:
    failed = SyncStatus("2026-02-27T08:02:00+00:00", 0, 0, "offline", None, now=Now("syncing"))
    assert said(failed) == "offline | sync 2026-02-27 | synchronising | en"
    # Where nothing ever came, the progress says more than "never".
    assert "never" not in said(FIRST._replace(problem="offline"))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_bytes_of_a_metered_line_show_at_every_width(width: int) -> None:
    now = SyncStatus("2026-03-05T08:02:00+00:00", 2, 0, "", None, now=Now(metered=True, spent=1_230_000))
    right = status.parts(now, "en", TODAY, demo=False, vault="")
    _left, _note, kept = status.arrange("IMI  Inbox: To do 1000", "Inspection du travail de Lyon", right, width)
    assert any("1.2 MB today" in part.text for part in kept)


@pytest.mark.parametrize("width", [20, 40, 79, 100, 200])
def test_the_status_line_gives_up_the_least_important_first(width: int) -> None:
    right = [status.Part("key in a file", 8), status.Part("1 refused", 1, True), status.Part("sync 14:02", 4)]
    left, note, kept = status.arrange("IMI  Inbox: To do 42", "Direction régionale", right, width)
    total = cell_len(left) + sum(cell_len(part.text) + 2 for part in kept) + (cell_len(note) + 2 if note else 0)
    assert total <= width
    if kept:
        assert min(part.rank for part in kept) == 1


@pytest.mark.parametrize("width", [40, 60, 80])
def test_tabs_fit_into_their_line(width: int) -> None:
    names = ["Überblick", "Fragen und Antworten 12", "Zeitleiste 4", "Dateien 1", "Beteiligte"]
    pieces = tab_line(names, 1, width)
    assert sum(cell_len(text) + 1 for text, _now in pieces) <= width
    assert [now for _text, now in pieces] == [False, True, False, False, False]
    assert pieces[1][0].startswith("[")


def test_the_day_of_the_latest_activity_is_that_of_the_officers_calendar(
    words: rows.Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "XST-2")
    time.tzset()
    try:
        _due, rest = rows.texts(ROW._replace(activity="2026-03-01T22:30:00Z"), rows.columns(160), words, TODAY)
        assert moment("2026-03-01T22:30:00") == moment("2026-03-01T22:30:00Z") == "2026-03-02 00:30"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "2026-03-02" in rest
