"""Desk/sync: what changed at all of an officer's desks, in one call; and Core/echo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imi_central.api.context import Arguments, Context, Method, check_account, languages, reject_unknown, whole
from imi_central.store import INITIAL, NoSeat, StateUnknown, types_of
from imi_central.store.paging import Page
from imi_core.case import CONTENT, FIXED, ID, MARK, Case, Entry, to_wire
from imi_core.jmap import DIRECTORY, MethodError

_MAX_ACCOUNTS = 200
_FETCH = ("lists", "heads", "contents")
_SEALS = ("salt", "digest", "prev", "seal")
_OF_FIRST = "sentAt"
"""What a case repeats of its first entry: in a list, a sixth of the bytes."""


def sync(context: Context, arguments: Arguments) -> Arguments:
    """Desk/sync: at most ``maxChanges`` changed objects an account since its state.

    ``states`` null is every desk of the officer from its beginning. ``fetch`` brings the objects in place of their ids;
    ``brief`` counts accounts without changes instead of listing them, ``joined`` puts together what does not compress
    in the rows of a first synchronisation.
    """
    reject_unknown(arguments, ("states", "maxChanges", "fetch", "brief", "joined", "languages"))
    states = arguments.get("states")
    if states is None and "states" in arguments:
        states = dict.fromkeys(context.view.places, INITIAL)
    if not isinstance(states, dict) or not all(isinstance(each, str) for each in states.values()):
        raise MethodError("invalidArguments", "states maps accounts to states, or is null", arguments=["states"])
    if len(states) > _MAX_ACCOUNTS:
        raise MethodError("requestTooLarge", f"at most {_MAX_ACCOUNTS} accounts in one call")
    limit = whole(arguments, "maxChanges", 250, 1, context.limits.max_objects_in_get)
    fetch, brief, joined = arguments.get("fetch"), arguments.get("brief", False), arguments.get("joined", False)
    if fetch is not None and fetch not in _FETCH:
        raise MethodError("invalidArguments", "fetch is lists, heads, contents or null", arguments=["fetch"])
    for name, given in (("brief", brief), ("joined", joined)):
        if not isinstance(given, bool):
            raise MethodError("invalidArguments", f"{name} is true or false", arguments=[name])
    wanted = languages(arguments)
    accounts: dict[str, Arguments] = {}
    failed: dict[str, Arguments] = {}
    unchanged = 0
    for account_id, since in states.items():
        try:
            check_account(context, account_id)
            filling_heads = fetch in ("lists", "heads") and account_id != DIRECTORY and context.view.is_filling(since)
            types = ("Case",) if filling_heads else types_of(account_id)
            page = context.view.changes(account_id, since, types, limit)
        except NoSeat:
            failed[account_id] = MethodError("accountNotFound").arguments()
        except StateUnknown:
            failed[account_id] = MethodError("cannotCalculateChanges").arguments()
        else:
            if brief and page.new == since and not page.more:
                unchanged += 1
                continue
            found = _fetched(context, account_id, page, fetch, wanted) if fetch else _named(page)
            if joined and filling_heads:
                found = {name: _joined(members) for name, members in found.items()}
            accounts[account_id] = _states(page) | found | {"accessState": context.view.access_state(account_id)}
    answer: Arguments = {"accounts": accounts, "notCalculated": failed}
    return answer | {"unchanged": unchanged} if brief else answer


def _states(page: Page) -> Arguments:
    out: Arguments = {"oldState": page.old, "newState": page.new, "hasMoreChanges": page.more}
    if page.filling is not None:
        out["filling"] = round(page.filling, 4)
    return out


def _named(page: Page) -> Arguments:
    if not any(any(found) for found in page.types.values()):
        return {}
    return {
        name: {
            "changed": [*found.created, *found.updated],
            "created": found.created,
            "updated": found.updated,
            "destroyed": found.destroyed,
        }
        for name, found in page.types.items()
    }


def _fetched(context: Context, account_id: str, page: Page, fetch: str, wanted: list[str]) -> Arguments:
    """The objects of a page, members that nothing needs left out."""
    contents = fetch == "contents"
    out: Arguments = {}
    seats: dict[tuple[str, str], Arguments] = {}
    for name, found in sorted(page.types.items()):
        read = _READERS[name](context, account_id, [*found.created, *found.updated], wanted)
        if name == "Case":
            seats = {(id, part["desk"]): part for id, case in read.items() for part in case["parts"]}
        elif name == "Entry":
            read = {id: _unsigned(entry, seats) for id, entry in read.items()}
        later = _later(context, account_id, read) if name == "Entry" and fetch == "lists" else {}
        members = {
            "created": [
                _lean(name, read[each], account_id, contents=contents) for each in found.created if each not in later
            ],
            "updated": [_lean(name, read[each], account_id, known=True) for each in found.updated if each not in later],
            "destroyed": found.destroyed,
            "cases": sorted(set(later.values())),
        }
        if kept := {kind: items for kind, items in members.items() if items}:
            out[name] = kept
    return out


def _later(context: Context, account_id: str, entries: dict[str, Arguments]) -> dict[str, str]:
    """Ids of entries that need not come before somebody opens their case, with the case.

    Not the officer's own, by which a client knows what became of its outbox, and none whose content is to be forgotten.
    """
    own = account_id, context.view.person.id
    return {
        id: entry["caseId"]
        for id, entry in entries.items()
        if (entry.get("desk"), entry.get("officer")) != own and not entry.get("redacted")
    }


def _lean(type_: str, wire: Arguments, account_id: str, *, contents: bool = False, known: bool = False) -> Arguments:
    match type_:
        case "Case":
            wire = {**wire, "head": wire.get("head", "")[:MARK]}
            without = (_OF_FIRST, *(FIXED if known else ()), *(() if contents else CONTENT))
        case "Entry":
            # Who sees only this desk's own references cannot take another's for one of the outbox.
            without = _SEALS if wire.get("desk") == account_id else (*_SEALS, "clientRef")
        case _:
            return wire
    return {name: value for name, value in wire.items() if name not in without}


def _joined(members: Arguments) -> Arguments:
    """Ids and marks of created cases as one text each: among other text, such digits take half as many bytes again."""
    created: list[Arguments] = members.get("created", [])
    if not created or any(len(each["id"]) != ID or len(each["head"]) != MARK for each in created):
        return members
    rows = [{name: value for name, value in each.items() if name not in ("id", "head")} for each in created]
    ids, marks = ("".join(each[name] for each in created) for name in ("id", "head"))
    return {"ids": ids, "marks": marks, **members, "created": rows}


def _unsigned(entry: Arguments, seats: dict[tuple[str, str], Arguments]) -> Arguments:
    """`entry` without its authority where the part its desk has in the case, which is in the same answer, names it."""
    part = seats.get((entry["caseId"], entry.get("desk", "")))
    if part is None or (part["authority"], part["name"]) != (entry.get("authority"), entry.get("authorityName")):
        return entry
    return {name: value for name, value in entry.items() if name not in ("authority", "authorityName")}


_Reader = Callable[[Context, str, list[str], list[str]], dict[str, Any]]


def _by_id(found: list[Case] | list[Entry] | list[Any]) -> dict[str, Any]:
    return {each.id: to_wire(each) for each in found}


_READERS: dict[str, _Reader] = {
    "Case": lambda context, account, ids, _: _by_id(context.view.cases(account, ids, len(ids))),
    "Entry": lambda context, account, ids, _: _by_id(context.view.entries(account, ids, len(ids))),
    "Authority": lambda context, _, ids, __: _by_id(context.view.authorities(ids, len(ids))),
    "Officer": lambda context, _, ids, __: _by_id(context.view.officers(ids, len(ids))),
    "Procedure": lambda context, _, ids, wanted: {
        id: {"id": id, **to_wire(rules)} for id, rules in context.view.procedures(ids, wanted, len(ids))
    },
}


def echo(context: Context, arguments: Arguments) -> Arguments:
    """Core/echo: the arguments back."""
    return arguments


METHODS: dict[str, Method] = {"Desk/sync": sync, "Core/echo": echo}
