"""Every error code has a sentence; what the server sends is shown, never trusted."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

import imi_core.errors
import imi_tui.cache.errors
import imi_tui.signin.errors
import imi_tui.sync.errors
from imi_core.answers import ProblemCode
from imi_core.jmap import SetErrorType
from imi_tui import cli, i18n, problems
from imi_tui.cache.storage.vault import FileVault
from imi_tui.commands.finding import failed
from imi_tui.profile import Profile

OF_THE_CACHE = (
    "internal",
    "badObject",
    "cacheBusy",
    "corruptCache",
    "corruptWork",
    "newerCache",
    "diskFull",
    "wrongKey",
)
DOING = ("look ", "open ", "ask ", "Look ", "sign in ", "tries again", "set it")


@pytest.mark.parametrize(
    "module",
    [imi_core.errors, imi_tui.cache.errors, imi_tui.signin.errors, imi_tui.sync.errors],
    ids=lambda m: m.__name__,
)
def test_every_error_class_has_a_sentence(module: ModuleType) -> None:
    codes = {
        cls.code
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, Exception) and isinstance(getattr(cls, "code", None), str)
    }
    assert codes
    assert {code for code in codes if not problems.known(code)} == set()


def test_what_a_command_says_of_this_machine_is_in_the_language_of_the_officer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = imi_tui.cache.errors
    key = tmp_path / "key"
    key.touch(0o644)
    with pytest.raises(errors.VaultError) as vault, i18n.speaking("de"):
        FileVault(Profile(tmp_path), key).key()
    with i18n.speaking("de"):
        for error, about in (
            (errors.WrongKey(), ""),
            (errors.WrongPassphrase(), ""),
            (errors.CorruptWork(), ""),
            (errors.DiskFull(), ""),
            (errors.FilesUnusable("work.db", "EIO\x1b[2J"), "work.db: EIO␛[2J"),
            (errors.NewerCache("cache", 9, 7), "cache.db: 9 > 7"),
            (vault.value, f"Andere können die Schlüsseldatei key lesen; führen Sie aus: chmod 600 {key}"),
        ):
            cli._refused(error)
            told = [problems.sentence(error.code), *([f"  {about}"] if about else [])]
            assert capsys.readouterr().err.splitlines() == told
            assert failed("cache", error).row() == ("Problem", "lokale Daten", about)
            assert failed("cache", error).data()["value"] == error.message


def test_every_set_error_and_answer_problem_has_a_sentence() -> None:
    assert {code for code in get_args(SetErrorType) if not problems.known(code)} == set()
    for code in get_args(ProblemCode):
        assert "The server reports" not in problems.answer_problem(code, "1..9")


def test_every_problem_a_sync_can_have_has_words_for_the_status_line() -> None:
    of_sync = {cls.code for cls in vars(imi_tui.sync.errors).values() if inspect.isclass(cls)} - {"sync"}
    assert len(of_sync) > 10
    for code in (*of_sync, *OF_THE_CACHE):
        assert problems.short(code) != problems.short("nonsense"), code


def test_what_is_between_here_and_the_server_is_told_apart_and_says_what_to_do() -> None:
    codes = ("offline", "captivePortal", "proxy", "tls", "insecureServer", "unavailable", "rateLimited", "clockSkew")
    assert (
        len({problems.sentence(code) for code in codes}) == len({problems.short(code) for code in codes}) == len(codes)
    )
    for code in codes:
        assert any(word in problems.sentence(code) for word in DOING), code


def test_unknown_codes_are_shown_clean() -> None:
    text = problems.sentence("new\x1b]52;c;Zm9v\x07Thing")
    assert "Thing" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_rejection_names_each_field() -> None:
    error = {"type": "invalidAnswers", "problems": [["agreed_days", "range", "1..365"], ["EST-01", "missing", ""]]}
    first, second, third = problems.refused(error)
    assert first == problems.sentence("invalidAnswers")
    assert second == "agreed_days: The answer has to be in the range 1..365."
    assert third == "EST-01: An answer is needed."


@pytest.mark.parametrize("wrong", ["x", 5, {"a": 1}, [[]], ["ab"], [["only"]], [None], [[1, 2, 3]]])
def test_a_rejection_of_any_shape_can_be_shown(wrong: object) -> None:
    assert problems.refused({"type": "invalidAnswers", "problems": wrong})[0] == problems.sentence("invalidAnswers")


def test_no_error_no_words() -> None:
    assert problems.refused(None) == ()


def test_of_many_slips_in_the_settings_some_are_said_and_where_the_others_stand() -> None:
    slips = [f"config.toml, line {number}: unknown." for number in range(1, 9)]
    assert problems.of_settings(slips[:3]) == slips[:3]
    assert problems.of_settings(slips) == [*slips[:3], "and 5 more. imi-tui config show"]
