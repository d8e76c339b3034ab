"""The questions of the benchmark, asked of a smaller register: what the search finds that a plain scan does not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

import bench.register
from bench.authorities import like, ranked, recall
from bench.queries import EACH, questions
from imi_central.demo import europe
from imi_tui.cache.store import Store


def test_recall_of_two_hundred_questions(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same register everywhere: the files of public bodies are not at hand in every place.
    monkeypatch.setattr(bench.register, "PUBLICBODIES", tmp_path)
    register = bench.register.authorities(2000)
    assert len(register) == 2000
    bench.register.fill(store, register)
    asked = questions(register)
    assert set(Counter(question.kind for question in asked).values()) == {EACH}
    assert len(asked) == 8 * EACH
    by_kind: dict[str, list[float]] = {}
    plain: dict[str, list[float]] = {}
    for question in asked:
        by_kind.setdefault(question.kind, []).append(recall(question, ranked(store, question.typed)))
        plain.setdefault(question.kind, []).append(recall(question, like(store, question.typed)))
    for kind, shares in by_kind.items():
        assert fmean(shares) >= 0.9, kind
        assert fmean(shares) >= fmean(plain[kind]) - 0.05, kind
    assert fmean(share for shares in by_kind.values() for share in shares) >= 0.97
    assert fmean(plain["mistyped"]) < 0.2


NAMES = {
    "fks rosenheim": "de-fks-rosenheim",
    "drv bund": "de-drv-bund",
    "bmas": "de-bmas",
    "dgt": "fr-dgt",
    "epitheorisi ergasias attikis": "el-epith-attikis",
    "aerztekammer wien": "at-aerztekammer",
    "dreets bretange": "fr-dreets-bretagne",
    "rentenversichrung bund": "de-drv-bund",
}


def test_how_officers_call_real_authorities(store: Store) -> None:
    bench.register.fill(store, sorted(europe.load().authorities, key=lambda each: (each.country, each.id)))
    for typed, id in NAMES.items():
        assert id in ranked(store, typed)[:3], (typed, ranked(store, typed)[:5])
