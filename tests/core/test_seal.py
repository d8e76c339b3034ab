"""The hash chain: whatever changes breaks it; what the law has erased does not."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imi_core.case import Attachment, Entry, Text
from imi_core.errors import SealBroken
from imi_core.retention import erase_entry
from imi_core.seal import canonical, link, seal, token, verify
from imi_core.visibility import project_entry
from tests.effort import tries

AT = dt.datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=dt.UTC)


def chain() -> list[Entry]:
    out: list[Entry] = []
    prev = ""
    for number, action in enumerate(("send", "accept", "reply", "close")):
        made = Entry(
            id=f"{number:032x}",
            case_id="c" * 32,
            client_ref=f"ref-{number}",
            procedure="pw.info" if number == 0 else "",
            action=action,
            based_on=number,
            target="de1" if number == 0 else "",
            answers={"EST-01": "yes", "agreed_days": 10, "list": ["a", "b"]},
            text=Text(lang="el", text="Προθεσμία"),
            attachments=(Attachment(blob_id="b" * 32, name="a.pdf", size=3, sha256="0" * 64),),
            at=AT + dt.timedelta(days=number),
            role="responder",
            desk="de1",
            authority="authority-de1",
            authority_name="Zoll",
            officer="officer-1",
            officer_name="A. Beamter",
            from_state="a",
            to_state="b",
            version=number + 1,
            salt=f"{number:032x}",
        )
        out.append(seal(made, prev))
        prev = out[-1].seal
    return out


CHANGES: dict[str, object] = {
    "id": "f" * 32,
    "case_id": "d" * 32,
    "client_ref": "other",
    "procedure": "pq.info",
    "action": "refuse",
    "based_on": 77,
    "target": "de2",
    "answers": {"EST-01": "no", "agreed_days": 10, "list": ["a", "b"]},
    "lang": "el",
    "text": Text(lang="el", text="Προθεσμία!"),
    "attachments": (Attachment(blob_id="b" * 32, name="b.pdf", size=3, sha256="0" * 64),),
    "at": AT,
    "role": "initiator",
    "desk": "fr1",
    "authority": "authority-fr1",
    "authority_name": "Douane",
    "officer": "officer-2",
    "from_state": "x",
    "to_state": "y",
    "version": 99,
    "salt": "e" * 32,
    "digest": "0" * 64,
    "prev": "0" * 64,
    "seal": "0" * 64,
}
UNSEALED = {"officer_name", "redacted"}
"""The officer is sealed by id; the name goes with the account. `redacted` is said to each reader anew."""


def test_every_member_is_sealed_or_named_here() -> None:
    members = {field.name for field in msgspec.structs.fields(Entry)}
    assert members == set(CHANGES) | UNSEALED


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("position", range(4))
def test_any_change_breaks_the_chain(name: str, position: int) -> None:
    entries = chain()
    if name == "at" and position == 0:
        changed = {"at": AT + dt.timedelta(microseconds=1)}
    elif name == "procedure" and position == 0:
        changed = {"procedure": ""}
    else:
        changed = {name: CHANGES[name]}
    entries[position] = msgspec.structs.replace(entries[position], **changed)
    with pytest.raises(SealBroken) as caught:
        verify(entries)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "part",
    [
        {"text": Text(lang="fr", text="Προθεσμία")},
        {"text": None},
        {"answers": {}},
        {"attachments": ()},
        {"attachments": (Attachment(blob_id="b" * 32, name="a.pdf", size=3, sha256="1" * 64),)},
    ],
)
def test_a_part_of_the_content_counts(part: dict[str, object]) -> None:
    entries = chain()
    entries[2] = msgspec.structs.replace(entries[2], **part)
    with pytest.raises(SealBroken):
        verify(entries)
    # Taking the salt away does not hide a change of content.
    entries[2] = msgspec.structs.replace(entries[2], salt="")
    with pytest.raises(SealBroken):
        verify(entries)


def test_leaving_out_swapping_and_repeating_break_the_chain() -> None:
    entries = chain()
    for wrong in (
        entries[1:],
        [entries[0], *entries[2:]],
        [entries[1], entries[0], *entries[2:]],
        [entries[0], *entries],
    ):
        with pytest.raises(SealBroken):
            verify(wrong)
    assert verify(entries[:2]) != verify(entries), "a cut end shows in the head"
    assert verify([]) == ""


def test_erased_and_redacted_content_leaves_the_chain_whole() -> None:
    entries = chain()
    head = verify(entries)
    assert head == entries[-1].seal
    erased = [erase_entry(entries[0]), project_entry(entries[1], "summary"), *entries[2:]]
    assert erase_entry(msgspec.structs.replace(entries[0], lang="el")) == erased[0]
    assert not erased[0].answers
    assert not erased[1].text
    assert verify(erased) == head
    assert verify([project_entry(entry, "summary") for entry in entries]) == head


def test_an_entry_from_before_there_was_a_language_verifies() -> None:
    entry = chain()[0]
    content = [entry.answers, msgspec.to_builtins(entry.text), msgspec.to_builtins(entry.attachments)]
    assert entry.digest == hashlib.sha256(entry.salt.encode() + b"\0" + canonical(content)).hexdigest()


def test_the_digest_does_not_give_the_content_away() -> None:
    entry = chain()[0]
    unsalted = hashlib.sha256(b"\0" + canonical([entry.answers, entry.text, entry.attachments])).hexdigest()
    assert entry.digest != unsalted
    other = seal(msgspec.structs.replace(entry, salt="1" * 32), "")
    assert other.digest != entry.digest


def test_the_chain_survives_json_and_another_spelling_of_the_moment() -> None:
    entries = chain()
    travelled = [msgspec.json.decode(msgspec.json.encode(entry), type=Entry) for entry in entries]
    assert travelled == entries
    assert verify(travelled) == entries[-1].seal
    zone = dt.timezone(dt.timedelta(hours=2))
    moved = [msgspec.structs.replace(entry, at=entry.at.astimezone(zone)) for entry in entries if entry.at]
    assert verify(moved) == entries[-1].seal


ANSWERS = st.dictionaries(
    st.text(max_size=8),
    st.none()
    | st.text(max_size=20)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.text(max_size=5)),
    max_size=5,
)


@settings(max_examples=tries(30, 100))
@given(ANSWERS, st.text(max_size=40))
def test_any_content_survives_json(answers: dict[str, object], text: str) -> None:
    sealed = seal(Entry(action="send", at=AT, answers=answers, text=Text(lang="en", text=text), salt="s"), "")
    travelled = msgspec.json.decode(msgspec.json.encode(sealed), type=Entry)
    assert verify([travelled]) == sealed.seal


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=6))
def test_canonical_does_not_depend_on_order(value: dict[str, int]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_change_log_links_and_tokens() -> None:
    first = link(b"", 1, "Case", "c1", "created")
    assert len(first) == 32
    assert link(b"", 1, "Case", "c1", "updated") != first
    assert link(first, 2, "Case", "c1") != link(b"\0" * 32, 2, "Case", "c1")
    seq, _, head = token(812, first).partition(".")
    assert seq == "812"
    assert base64.urlsafe_b64decode(head) == first[:12]
    assert token(812, first) != token(812, link(first, 2))
