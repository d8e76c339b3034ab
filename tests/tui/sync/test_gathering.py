"""Pages of new rows that come quickly are one transaction; nothing of it is lost, halved, late on a screen or mixed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_tui.cache.sync import Page
from imi_tui.sync import change_applier
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import Offline, ServerMistake
from tests.central.world import LYON, MUNICH, ROSENHEIM
from tests.tui.sync.world import NOW, Client, server_ids

Clients = Callable[[str], Client]
CASES, PAGE, LISTS = 55, 10, 4
"""Rows, rows in a page, and records in front of the first page: session, countries, procedures, officers."""


@pytest.fixture
def lyon(client: Clients, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client before its first synchronisation, in pages of ten rows, of which thirty may wait."""
    monkeypatch.setattr(change_applier, "MAX_ROWS", 3 * PAGE)
    found = client("lyon")
    found.restart(page=PAGE)
    return found


def page_of(response: dict[str, Any]) -> dict[str, Any] | None:
    """The desk's page in a record."""
    for name, arguments, _ in response["methodResponses"]:
        if name == "Desk/sync" and LYON in arguments["accounts"]:
            found: dict[str, Any] = arguments["accounts"][LYON]
            return found
    return None


def kept(client: Client) -> list[int]:
    """How many rows each transaction will have brought."""
    out: list[int] = []
    apply = client.store.sync.apply

    def counted(account: str, page: Page) -> None:
        apply(account, page)
        if page.heads:
            out.append(len(page.heads))

    client.store.sync.apply = counted  # type: ignore[method-assign]
    return out


def spoil(client: Client, number: int, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Let `change` be done to all pages so far when the page of this number comes."""
    pages: list[dict[str, Any]] = []

    def changed(response: dict[str, Any]) -> dict[str, Any]:
        page = page_of(response)
        if page is not None:
            pages.append(page)
            if len(pages) == number:
                change(pages)
        return response

    client.line.change = changed


@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_the_first_page_shows_at_once_and_the_next_ones_together(lyon: Client) -> None:
    transactions, shown = kept(lyon), []

    def look(response: dict[str, Any]) -> dict[str, Any]:
        if page_of(response) is not None:
            shown.append(len(lyon.ids()))
        return response

    lyon.line.change = look
    assert lyon.sync().changed == CASES
    assert shown == [0, 10, 10, 10, 40, 40]
    assert transactions == [10, 30, 10, 5]


@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_a_page_of_a_slow_line_is_kept_when_it_comes(lyon: Client) -> None:
    now, transactions = NOW, kept(lyon)

    def later(response: dict[str, Any]) -> dict[str, Any]:
        nonlocal now
        now += dt.timedelta(seconds=0.5)
        return response

    lyon.line.change = later
    lyon.engine = Engine(lyon.store.sync, lyon.line, lambda: now, page=PAGE)
    lyon.sync()
    assert transactions == [10, 10, 10, 10, 10, 5]


@pytest.mark.parametrize("pages", range(7))
@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_a_stream_cut_at_any_record_leaves_the_pages_before_it(lyon: Client, pages: int) -> None:
    states = [""]

    def note(response: dict[str, Any]) -> dict[str, Any]:
        if page_of(response) is not None:
            states.append(page_of(response)["newState"])  # type: ignore[index]
        return response

    lyon.line.change = note
    lyon.line.cut_stream = lambda number: number == LISTS + pages
    if pages < 6:
        with pytest.raises(Offline):
            lyon.sync()
        assert (len(lyon.ids()), lyon.store.sync.state(LYON)) == (pages * PAGE, states[-1])
        assert lyon.store.sync.is_filling(LYON)
    lyon.line.cut_stream = lambda _: False
    lyon.line.change = lambda response: response
    lyon.restart(page=PAGE)
    assert lyon.sync().changed == CASES - (pages * PAGE if pages < 6 else 0)
    assert (len(lyon.ids()), lyon.store.status().wanted) == (CASES, 0)


@pytest.mark.parametrize("number", range(2, 6))
@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_a_malformed_case_takes_no_page_before_it_along(lyon: Client, number: int) -> None:
    spoil(lyon, number, lambda pages: pages[-1]["Case"]["created"][3].update(subject=[1]))
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert len(lyon.ids()) == (number - 1) * PAGE
    lyon.line.change = lambda response: response
    lyon.sync()
    assert (len(lyon.ids()), lyon.store.status().wanted) == (CASES, 0)


@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_what_a_later_page_removes_is_gone(lyon: Client) -> None:
    gone: list[str] = []

    def remove(pages: list[dict[str, Any]]) -> None:
        case = pages[-2]["Case"]
        gone.append(case["ids"][:32] if "ids" in case else case["created"][0]["id"])
        pages[-1]["Case"]["destroyed"] = list(gone)

    spoil(lyon, 3, remove)
    transactions = kept(lyon)
    lyon.sync()
    assert transactions == [10, 10, 10, 20, 5]
    assert len(lyon.ids()) == CASES - 1
    assert not set(gone) & lyon.ids()


@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_a_row_that_comes_twice_is_as_it_came_last(lyon: Client) -> None:
    again: list[str] = []

    def repeat(pages: list[dict[str, Any]]) -> None:
        before, page = pages[-2]["Case"], pages[-1]["Case"]
        row = {**before["created"][0], "subject": "Another one"}
        again.append(before["ids"][:32] if "ids" in before else row["id"])
        page["created"].append({**row, "id": again[0]})
        if "ids" in page:
            page["ids"] += again[0]
            page["marks"] += before["marks"][: len(before["marks"]) // len(before["created"])]

    spoil(lyon, 3, repeat)
    transactions = kept(lyon)
    lyon.sync()
    assert transactions == [10, 10, 11, 20, 5]
    assert len(lyon.ids()) == CASES
    assert [row.subject for row in lyon.store.window("all", "due", limit=99) if row.id in again] == ["Another one"]


@pytest.mark.has_cases(80, ROSENHEIM, MUNICH)
def test_the_first_page_of_every_desk_shows_at_once(central: Central, client: Clients) -> None:
    central.put_officer(Officer(id="both", name="Both", desks={ROSENHEIM: ("handler",), MUNICH: ("handler",)}))
    both = client("both")
    both.restart(page=PAGE)
    begun: list[str] = []
    transactions = kept(both)

    def look(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            for desk in arguments["accounts"] if name == "Desk/sync" else ():
                assert all(both.store.sync.state(each) for each in begun)
                begun.append(desk)
        return response

    both.line.change = look
    both.sync()
    assert set(begun) == {ROSENHEIM, MUNICH}
    assert min(begun.count(ROSENHEIM), begun.count(MUNICH)) > 3
    assert len(transactions) < len(begun)
    assert both.ids() == server_ids(central, "both")


@pytest.mark.has_cases(80, ROSENHEIM, MUNICH)
def test_of_two_desks_whose_pages_wait_none_is_left_out(central: Central, client: Clients) -> None:
    central.put_officer(Officer(id="both", name="Both", desks={ROSENHEIM: ("handler",), MUNICH: ("handler",)}))
    both = client("both")
    both.restart(page=PAGE)
    transactions = kept(both)

    def go_on(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            page = arguments["accounts"].get(MUNICH, {}) if name == "Desk/sync" else {}
            if page.get("Case", {}).get("created"):
                # The last page does not say that it is: it waits, too, and the other desk's come behind it.
                page["hasMoreChanges"] = True
        return response

    both.line.change = go_on
    both.sync()
    assert sorted(transactions) == [10, 10, 10, 20, 30]
    assert both.ids() == server_ids(central, "both")
