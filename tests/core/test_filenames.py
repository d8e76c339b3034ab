"""Names of attached files: nothing that leaves a folder, hides an ending or means a device (T9), and what they are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core.filenames import MAX_BYTES, numbered, safe_name
from imi_core.filetypes import PLAIN, PROGRAM, may_open, sniff


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Rechnung 2026.pdf", "Rechnung 2026.pdf"),
        ("Ιατρική βεβαίωση.docx", "Ιατρική βεβαίωση.docx"),
        ("Удостоверение.PDF", "Удостоверение.PDF"),
        ("../../.bashrc", "bashrc"),
        ("..\\..\\win.ini", "win.ini"),
        ("/etc/passwd", "passwd"),
        ("C:\\x", "x"),
        ("C:autoexec.bat", "autoexec.bat"),
        ("a.txt:hidden.exe", "a.txt"),
        ("a\x00b", "ab"),
        ("a\nb.txt", "ab.txt"),
        ("COM1 .txt", "_COM1.txt"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("lpt¹.txt", "_lpt¹.txt"),
        ("\u202eexe.fdp", "exe.fdp"),
        ("report.txt. . ", "report.txt"),
        ("-rf.txt", "rf.txt"),
        (".hidden", "hidden"),
        ("a;`b`$(c)|d.txt", "a__b__(c)_d.txt"),
        ("a.p/df", "df"),
        ("", "file"),
        ("...", "file"),
        ("e\u0301.txt", "é.txt"),
        ("\u200b\u2066.txt", "txt"),
        ("a\u3000b.txt", "a b.txt"),
        ("nurse.ex\u00ade", "nurse.exe"),
    ],
)
def test_the_corpus(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_names_keep_their_ending() -> None:
    found = safe_name("ж" * 300 + ".pdf")
    assert len(found.encode()) <= MAX_BYTES
    assert found.endswith("ж.pdf")


@given(st.text(max_size=400))
def test_no_name_is_dangerous(name: str) -> None:
    found = safe_name(name)
    assert 0 < len(found.encode()) <= MAX_BYTES
    assert found[0] not in "-. "
    assert found[-1] not in ". "
    assert not set(found) & set('/\\:*?"<>|;`$\n\r\t\0')
    assert all(unicodedata.category(char)[0] != "C" for char in found)
    assert safe_name(found) == found, "safe once is safe for good"


def test_another_of_the_same_name() -> None:
    assert numbered("a.pdf", 2) == "a (2).pdf"
    assert numbered("a", 3) == "a (3)"
    assert len(numbered("x" * 116 + ".pdf", 10).encode()) <= MAX_BYTES


@pytest.mark.parametrize(
    ("head", "claimed", "kind"),
    [
        (b"%PDF-1.4", "text/plain", "application/pdf"),
        (b"MZ\x90", "application/pdf", PROGRAM),
        (b"#!/bin/sh", "text/plain", PROGRAM),
        (b"PK\x03\x04", PLAIN, "application/zip"),
        ("Übung".encode(), "text/csv", "text/csv"),
        (b"<script>", "text/html", "text/plain"),
        ("Übung é".encode()[:-1], PLAIN, "text/plain"),
        (b"\x00\x01", "text/plain", PLAIN),
        (b"\xff\xfe\xfa", "text/plain", PLAIN),
        (b"", PLAIN, PLAIN),
    ],
)
def test_what_a_file_is(head: bytes, claimed: str, kind: str) -> None:
    assert sniff(head, claimed) == kind


@pytest.mark.parametrize(
    ("name", "head", "allowed"),
    [
        ("a.pdf", b"%PDF-1.4", True),
        ("a.PNG", b"\x89PNG\r\n\x1a\n", True),
        ("a.docx", b"PK\x03\x04", True),
        ("a.docm", b"PK\x03\x04", False),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", False),
        ("a.pdf", b"MZ", False),
        ("a.desktop", b"[Desktop Entry]", False),
        ("a.LNK", b"L\0", False),
        ("a.url", b"[InternetShortcut]", False),
        ("a.hta", b"<html>", False),
        ("a.sh", b"echo", False),
        ("a", b"text", False),
    ],
)
def test_what_may_be_opened(name: str, head: bytes, allowed: bool) -> None:
    assert may_open(name, head) is allowed
