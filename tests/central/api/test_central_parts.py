"""Files put together from parts: repeats, missing parts, whose they are, limits, and what an entry may carry."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest

from imi_central.store import Store, files
from imi_core.jmap import Limits
from tests.central.world import LYON, REQUEST, ROSENHEIM, Caller, Clock, accept, ref

PARTS = (b"%PDF-1.7 " + b"a" * 300, b"b" * 300, b"c" * 7)
WHOLE = b"".join(PARTS)
DIGEST = hashlib.sha256(WHOLE).hexdigest()


def sent(caller: Caller, data: bytes, officer: str = "lyon", desk: str = LYON) -> str:
    answer = caller.http(officer, "POST", f"/jmap/upload/{desk}", content=data)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["blobId"])


def joined(caller: Caller, parts: list[str], officer: str = "lyon", desk: str = LYON, **more: Any) -> dict[str, Any]:
    """What became of one file: the object made, or the set error."""
    new = {"clientRef": ref(), "data": [{"blobId": part} for part in parts], "sha256": DIGEST, **more}
    answer = caller.call(officer, "Blob/upload", accountId=desk, create={"b": new})
    if "error" in answer:
        return dict(answer["error"])
    return dict((answer["created"] or answer["notCreated"])["b"])


def get(caller: Caller, blob: str, officer: str = "lyon", desk: str = LYON, **headers: str) -> Any:
    return caller.http(officer, "GET", f"/jmap/download/{desk}/{blob}/a", headers=headers)


def attached(caller: Caller, blob: str, officer: str = "lyon", desk: str = LYON, **more: Any) -> dict[str, Any]:
    new = {"procedure": "pw.info", "action": "send", "target": ROSENHEIM, "answers": REQUEST}
    return caller.create(officer, desk, **new | more, attachments=[{"blobId": blob, "name": "a.pdf"}])


def test_parts_become_one_file_and_are_gone(caller: Caller) -> None:
    parts = [sent(caller, part) for part in PARTS]
    made = joined(caller, parts, type="text/plain")
    assert made == {"id": made["id"], "type": "application/pdf", "size": len(WHOLE), "sha256": DIGEST}
    assert get(caller, made["id"]).content == WHOLE
    assert get(caller, made["id"], range="bytes=305-").content == WHOLE[305:]
    assert [get(caller, part).status_code for part in parts] == [404] * 3


def test_the_order_of_the_parts_is_the_uploaders(caller: Caller) -> None:
    parts = [sent(caller, part) for part in PARTS]
    wrong = joined(caller, parts[::-1])
    assert (wrong["type"], wrong["properties"]) == ("invalidProperties", ["sha256"])
    assert joined(caller, parts)["sha256"] == DIGEST, "nothing was lost by the mistake"


def test_a_repeat_finds_the_first_file(caller: Caller) -> None:
    parts, name = [sent(caller, part) for part in PARTS], ref()
    first = joined(caller, parts, clientRef=name)
    assert joined(caller, parts, clientRef=name) == first
    other = joined(caller, [sent(caller, b"x")], clientRef=name, sha256=hashlib.sha256(b"x").hexdigest())
    assert (other["type"], other["existingId"]) == ("alreadyExists", first["id"])
    assert other["description"] == "another file has this clientRef"


def test_missing_parts_are_named(caller: Caller, clock: Clock) -> None:
    early = sent(caller, PARTS[0])
    clock.at += dt.timedelta(hours=23)
    late = [sent(caller, part) for part in PARTS[1:]]
    clock.at += dt.timedelta(hours=2)
    refused = joined(caller, [early, *late])
    assert (refused["type"], refused["notFound"]) == ("blobNotFound", [early]), "expired, swept or not"
    assert joined(caller, [sent(caller, PARTS[0]), *late])["size"] == len(WHOLE)


@pytest.mark.parametrize(
    ("officer", "desk"), [("lyon-basic", LYON), ("lyon-data", LYON), ("rosenheim", ROSENHEIM), ("both", ROSENHEIM)]
)
def test_nobody_uses_the_parts_of_another(caller: Caller, officer: str, desk: str) -> None:
    parts = [sent(caller, part) for part in PARTS]
    refused = joined(caller, parts, officer, desk)
    assert (refused["type"], refused["notFound"]) == ("blobNotFound", parts)
    assert joined(caller, parts)["sha256"] == DIGEST


def test_not_even_from_another_desk_of_the_same_officer(caller: Caller) -> None:
    part = sent(caller, WHOLE, "both", ROSENHEIM)
    assert joined(caller, [part], "both", "de-zoll-muenchen_pw")["type"] == "blobNotFound"
    assert joined(caller, [part], "both", ROSENHEIM)["sha256"] == DIGEST


def test_a_file_of_a_case_is_no_part(caller: Caller, store: Store) -> None:
    """What an entry carries must not vanish into another file, though its reader may read it."""
    blob = joined(caller, [sent(caller, WHOLE)])["id"]
    case_id = attached(caller, blob)["caseId"]
    accept(store, case_id)
    assert joined(caller, [blob])["type"] == "blobNotFound"
    assert joined(caller, [blob], "rosenheim", ROSENHEIM)["type"] == "blobNotFound"
    assert get(caller, blob, "rosenheim", ROSENHEIM).content == WHOLE


def test_no_seat_no_upload(caller: Caller) -> None:
    part = sent(caller, WHOLE)
    assert joined(caller, [part], "rosenheim", LYON)["type"] == "accountNotFound"


def test_the_limit_of_a_file_holds_for_its_parts_together(store: Store) -> None:
    caller = Caller(store, Limits(max_size_upload=400))
    assert joined(caller, [sent(caller, part) for part in PARTS])["type"] == "tooLarge"


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"clientRef": "x"}, "clientRef"),
        ({"sha256": DIGEST.upper()}, "sha256"),
        ({"data": []}, "data"),
        ({"data": [{"blobId": "1"}] * 2}, "data"),
        ({"data": [{"blobId": "1", "offset": 3}]}, "data"),
        ({"data": [{"blobId": str(n)} for n in range(401)]}, "data"),
        ({"type": 5}, "type"),
    ],
)
def test_what_cannot_be_meant(caller: Caller, wrong: dict[str, Any], member: str) -> None:
    refused = joined(caller, ["1"], **wrong)
    assert (refused["type"], refused["properties"]) == ("invalidProperties", [member])


class TestAttaching:
    def test_by_the_name_the_uploader_gave(self, caller: Caller, store: Store) -> None:
        """P1: an entry is frozen before its file is uploaded, and a repeat is still a repeat."""
        name, entry = ref(), ref()
        early = attached(caller, f"ref:{name}", clientRef=entry)
        assert (early["type"], early["notFound"]) == ("blobNotFound", [f"ref:{name}"])
        made = joined(caller, [sent(caller, WHOLE)], clientRef=name)
        first = attached(caller, f"ref:{name}", clientRef=entry)
        assert attached(caller, f"ref:{name}", clientRef=entry) == first
        with store.view("lyon") as view:
            [found] = view.entries(LYON, [first["id"]], 1)
        assert found.attachments[0].blob_id == made["id"]
        assert (found.attachments[0].size, found.attachments[0].sha256) == (len(WHOLE), DIGEST)

    @pytest.mark.parametrize(("officer", "desk"), [("lyon-data", LYON), ("rosenheim", ROSENHEIM)])
    def test_a_name_is_its_uploaders_own(self, caller: Caller, officer: str, desk: str) -> None:
        name = ref()
        joined(caller, [sent(caller, WHOLE)], clientRef=name)
        assert attached(caller, f"ref:{name}", officer, desk, target="pl-pip-warszawa_pw")["type"] == "blobNotFound"

    def test_one_file_under_two_names_is_still_one(self, caller: Caller) -> None:
        name = ref()
        made = joined(caller, [sent(caller, WHOLE)], clientRef=name)
        new = {"procedure": "pw.info", "action": "send", "target": ROSENHEIM, "answers": REQUEST}
        twice = [{"blobId": made["id"], "name": "a"}, {"blobId": f"ref:{name}", "name": "b"}]
        refused = caller.create("lyon", LYON, **new, attachments=twice)
        assert (refused["type"], refused["properties"]) == ("invalidProperties", ["attachments"])

    def test_the_files_of_a_case_have_a_limit(self, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MAX_CASE_FILES", 10)
        case_id = attached(caller, sent(caller, b"123456"))["caseId"]
        message = {"caseId": case_id, "action": "message", "text": {"lang": "en", "text": "Hi"}}
        over = [{"blobId": sent(caller, b"12345"), "name": "b"}]
        refused = caller.create("lyon", LYON, **message, attachments=over)
        assert (refused["type"], refused["properties"]) == ("overQuota", ["attachments"])
        fits = [{"blobId": sent(caller, b"1234"), "name": "c"}]
        assert "seal" in caller.create("lyon", LYON, **message, attachments=fits)

    @pytest.mark.parametrize("head", [b"MZ\x90\x00", b"\x7fELF\x02", b"#!/bin/sh\n", b"\xca\xfe\xba\xbe"])
    def test_programs_are_not_carried(self, caller: Caller, head: bytes) -> None:
        blob = sent(caller, head + b"rest")
        refused = attached(caller, blob)
        assert (refused["type"], refused["properties"]) == ("invalidProperties", ["attachments"])

    def test_the_type_is_what_the_bytes_say(self, caller: Caller) -> None:
        claimed = {"content-type": "application/pdf"}
        answer = caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"<html>", headers=claimed)
        assert answer.json()["type"] == "text/plain"


def test_an_empty_file_has_one_empty_part(caller: Caller) -> None:
    made = joined(caller, [sent(caller, b"")], sha256=hashlib.sha256(b"").hexdigest())
    assert (made["size"], get(caller, made["id"]).content) == (0, b"")


def test_one_name_of_two_officers_means_two_files(caller: Caller, store: Store) -> None:
    name, mine = ref(), b"mine"
    joined(caller, [sent(caller, WHOLE, "lyon-basic")], "lyon-basic", clientRef=name)
    digest = hashlib.sha256(mine).hexdigest()
    made = joined(caller, [sent(caller, mine)], clientRef=name, sha256=digest)
    assert made["size"] == 4
    entry = attached(caller, f"ref:{name}")["id"]
    with store.view("lyon") as view:
        [found] = view.entries(LYON, [entry], 1)
    assert found.attachments[0].blob_id == made["id"]
