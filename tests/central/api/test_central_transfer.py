"""Upload and download: parts, validators, names and headers."""

from __future__ import annotations

import hashlib

import httpx
import pytest
import sqlalchemy as sa

from imi_central.store import Store
from tests.central.world import LYON, Caller

DATA = b"%PDF-1.7" + bytes(range(248)) + bytes(range(256)) * 39


@pytest.fixture
def path(caller: Caller) -> str:
    headers = {"content-type": "application/pdf; x=y"}
    made = caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=DATA, headers=headers)
    assert made.status_code == 201
    answer = made.json()
    digest = hashlib.sha256(DATA).hexdigest()
    assert answer == {
        "accountId": LYON,
        "blobId": answer["blobId"],
        "type": "application/pdf",
        "size": len(DATA),
        "sha256": digest,
    }
    assert digest[:32] != answer["blobId"], "an id that tells the content tells who has it"
    return f"/jmap/download/{LYON}/{answer['blobId']}"


def get(caller: Caller, path: str, **headers: str) -> httpx.Response:
    return caller.http("lyon", "GET", path, headers={key.replace("_", "-"): each for key, each in headers.items()})


def test_all_of_it(caller: Caller, path: str) -> None:
    answer = get(caller, f"{path}/a.pdf?type=application/pdf")
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("range", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, 10240), ("bytes=-5", 10235, 10240), ("bytes=10000-99999", 10000, 10240)],
)
def test_a_part_of_it(caller: Caller, path: str, range: str, start: int, end: int) -> None:
    answer = get(caller, f"{path}/a", range=range)
    assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/10240"


@pytest.mark.parametrize("range", ["bytes=10240-", "bytes=-0", "bytes=99999-100000"])
def test_parts_behind_the_end(caller: Caller, path: str, range: str) -> None:
    answer = get(caller, f"{path}/a", range=range)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */10240"


@pytest.mark.parametrize("range", ["bytes=0-1,5-6", "bytes=5-1", "lines=1-2", "bytes=-", "bytes=" + "0-1," * 5000])
def test_ranges_that_are_not_understood_bring_all(caller: Caller, path: str, range: str) -> None:
    answer = get(caller, f"{path}/a", range=range)
    assert (answer.status_code, answer.content) == (200, DATA)


def test_validators(caller: Caller, path: str) -> None:
    etag = get(caller, f"{path}/a").headers["etag"]
    assert get(caller, f"{path}/a", if_none_match=etag).status_code == 304
    assert get(caller, f"{path}/a", range="bytes=0-1", if_range=etag).status_code == 206
    assert get(caller, f"{path}/a", range="bytes=0-1", if_range='"other"').status_code == 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", "filename*=UTF-8''report.pdf"),
        ("Ιατρικός σύλλογος.pdf", "filename*=UTF-8''%CE%99"),
        ("..%2F..%2Fetc%2Fpasswd", "filename*=UTF-8''.._.._etc_passwd"),
        ("a%22%0Dx-evil:%201", 'filename="a_ x-evil_ 1"'),
        ("%E2%80%AEfdp.exe", "UTF-8''%3CU%2B202E%3Efdp.exe"),
    ],
)
def test_names(caller: Caller, path: str, name: str, expected: str) -> None:
    answer = get(caller, f"{path}/{name}")
    assert answer.status_code == 200
    assert expected in answer.headers["content-disposition"]
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("type_", ["text/html; charset=utf-8", "x", "a/b%0D%0Ax-evil: 1", ""])
def test_types(caller: Caller, path: str, type_: str) -> None:
    answer = get(caller, f"{path}/a?type={type_}")
    expected = "text/html" if type_.startswith("text") else "application/octet-stream"
    assert answer.headers["content-type"].partition(";")[0] == expected
    assert "x-evil" not in answer.headers


def test_head_tells_of_the_whole_file(caller: Caller, path: str) -> None:
    whole = get(caller, f"{path}/a")
    for headers in ({}, {"range": "bytes=0-1"}):
        head = caller.http("lyon", "HEAD", f"{path}/a", headers=headers)
        assert (head.status_code, head.content, head.headers) == (200, b"", whole.headers)


def test_an_empty_file(caller: Caller, path: str) -> None:
    made = caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"").json()
    empty = get(caller, f"/jmap/download/{LYON}/{made['blobId']}/a")
    assert (empty.status_code, empty.content) == (200, b"")


def test_uploads_come_as_they_are(caller: Caller) -> None:
    packed = caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x", headers={"content-encoding": "gzip"})
    assert packed.status_code == 415


def test_reading_a_file_is_in_the_audit_trail(store: Store, caller: Caller, path: str) -> None:
    get(caller, f"{path}/a")
    with store.reading() as conn:
        wanted = "select officer, desk, action, object_id from audit where action <> 'seat' order by id"
        rows = conn.execute(sa.text(wanted)).all()
    blob = path.rpartition("/")[2]
    assert rows == [("lyon", LYON, "upload", blob), ("lyon", LYON, "download", blob)]
