"""Caps on what is decoded and parsed: a hostile reply ends in an error, never in memory or in the cache."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from imi_core.text import MAX_DEPTH, clean
from imi_tui.sync import wire
from imi_tui.sync.errors import Offline, ReplyTooLarge, ServerMistake
from tests.effort import tries


def decode(body: bytes, encoding: str, size: int = 1000) -> bytes:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return wire.decoded(chunks, encoding, wire.Budget())


TEXT = json.dumps(
    {"cases": [{"id": f"{number:032x}", "subject": f"Ünïcode {number}"} for number in range(500)]}
).encode()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT)),
        (" ZSTD ", zstandard.compress(TEXT)),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_every_encoding_decodes_in_any_pieces(encoding: str, body: bytes, size: int) -> None:
    assert decode(body, encoding, size) == TEXT


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_a_bomb_is_stopped_before_it_fills_memory(encoding: str) -> None:
    plain = b"\0" * 512 * 1024 * 1024 if encoding == "zstd" else b"\0" * 64 * 1024 * 1024
    bomb = zstandard.compress(plain) if encoding == "zstd" else gzip.compress(plain)
    del plain
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(ServerMistake, match="times its size"):
            decode(bomb, encoding, 65_536)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * 1024 * 1024


def test_a_large_reply_is_stopped_at_the_cap() -> None:
    budget = wire.Budget()
    with pytest.raises(ServerMistake, match="more than"):
        wire.decoded((b"x" * 65_536 for _ in range(10_000)), "", budget)
    assert budget.decoded <= wire.MAX_REPLY + 65_536


def test_a_window_larger_than_the_standard_allows_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    body = zstandard.ZstdCompressor(compression_params=parameters).compressobj().compress(b"x" * 200_000)
    long = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = long.compress(b"abc" * 100_000) + long.flush()
    with pytest.raises(ServerMistake):
        decode(body, "zstd")
    with pytest.raises(ServerMistake):
        list(wire.lines([body], "zstd", wire.StreamBudget()))


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd, gzip", "x"])
def test_encodings_nobody_asked_for_are_refused(encoding: str) -> None:
    with pytest.raises(ServerMistake):
        decode(TEXT, encoding)


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_garbage_does_not_decode(encoding: str) -> None:
    with pytest.raises(ServerMistake):
        decode(b"<html>please sign in</html>" * 50, encoding)


@pytest.mark.parametrize("compress", [zstandard.compress, gzip.compress, bytes])
def test_a_reply_cut_anywhere_is_never_taken(compress: object) -> None:
    encoding = {zstandard.compress: "zstd", gzip.compress: "gzip"}.get(compress, "")  # type: ignore[call-overload]
    body = compress(TEXT)  # type: ignore[operator]
    for cut in range(0, len(body) - 8, max(1, len(body) // 200)):
        with pytest.raises(ServerMistake):
            wire.parse(decode(body[:cut], encoding))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"x": {"y": [{"b": 1, "b": 1}]}}',
        "[" * 100 + "]" * 100,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        "NaN",
        "[Infinity]",
        "1e999",
        str(2**53),
        "9" * 5000,
        "{} {}",
        "",
        "\ufeff{}",
        "{'a': 1}",
    ],
)
def test_unusable_json_is_refused(text: str) -> None:
    with pytest.raises(ServerMistake):
        wire.parse(text.encode())


# Mostly what a real reply holds, so that both ways through `parse` are taken.
PIECES = st.sampled_from(
    [
        "Łukasz",
        "ναί",
        "Ünï\ncode",
        '"',
        "\\",
        "/",
        "\u001b[31m",
        "\u202e",
        "e\u0301",
        "\t",
        "9" * 17,
        ":",
        ",[",
        "\u2019",
        "☎\ufe0f",
    ]
)
STRINGS = st.lists(PIECES | st.text(max_size=3), max_size=4).map("".join)
NUMBERS = st.integers() | st.integers(2**53 - 3, 2**53 + 3).map(lambda n: n - 2**54 if n % 2 else n) | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=10,
)


def outcome(data: object) -> object:
    try:
        return clean(data)
    except ValueError:
        return ServerMistake


def parsed(text: str) -> object:
    try:
        return wire.parse(text.encode("utf-8", "surrogatepass"))
    except ServerMistake:
        return ServerMistake


@given(VALUES, st.booleans(), st.sampled_from((None, 1)))
@settings(max_examples=tries(100, 400))
def test_the_quick_way_through_a_reply_ends_where_the_careful_one_does(value: object, plain: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=not plain, indent=indent)
    expected = outcome(value) if all(ord(char) < 0xD800 or ord(char) > 0xDFFF for char in text) else ServerMistake
    assert parsed(text) == expected


@pytest.mark.parametrize("innermost", ["", "1", '"x"', "null", "{}", '{"a": "x"}', '{"a": 1}', '"]"', '"\\u001b"'])
@pytest.mark.parametrize("depth", range(MAX_DEPTH - 2, MAX_DEPTH + 4))
def test_both_ways_count_levels_alike(innermost: str, depth: int) -> None:
    text = "[" * depth + innermost + "]" * depth
    assert parsed(text) == outcome(json.loads(text))


@pytest.mark.parametrize(
    "text", ['"[{"', '"]}"', '"[]"', '"\\""', '"\\"["', '"\\\\"', '"\\\\\\""', '"a","]]"', '"]","["', '""', '"",""']
)
@pytest.mark.parametrize("depth", range(MAX_DEPTH - 1, MAX_DEPTH + 3))
def test_brackets_in_texts_are_no_levels(text: str, depth: int) -> None:
    text = "[" * (depth - 1) + f'{{"a":[{text},1]}}' + "]" * (depth - 1)
    assert parsed(text) == outcome(json.loads(text))
    assert wire._is_shallow(text.encode()) <= (parsed(text) is not ServerMistake)


def test_what_stands_between_strokes_and_quotes_does_not_hide_levels() -> None:
    up, down = (f'"\\\\","{bracket * 40}","\\\\"' for bracket in "][")
    text = "[" * 41 + f"{up},{'[' * 40}{']' * 40},{down}" + "]" * 41
    assert parsed(text) == outcome(json.loads(text)) == ServerMistake
    assert wire._is_shallow(b'{"a":[{"b":"\\"x","c":"\\\\"}]}')


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":1}', '[{"a":1,"b":2,"a":3}]', '{"a":{"é":"","é":""}}', '{"a":1,"\\u0061":1}']
)
def test_a_member_that_stands_twice_is_refused_however_it_is_written(text: str) -> None:
    assert parsed(text) is ServerMistake
    assert parsed(text.replace(",", ", ")) is ServerMistake


@pytest.mark.parametrize("number", ["9007199254740991", "9007199254740992", "9" * 17, "0.5", "1e400", "1e5"])
@pytest.mark.parametrize("around", ["{}", "-{}", "[{}]", '{{"a":{}}}', '{{"a" : -{}}}', "[1,{}]", "[1,\n{}]"])
def test_numbers_are_held_to_the_same_bounds_wherever_they_stand(number: str, around: str) -> None:
    text = around.format(number)
    assert parsed(text) == outcome(json.loads(text))


def test_invalid_utf_8_is_refused() -> None:
    with pytest.raises(ServerMistake):
        wire.parse(b'{"a": "\xff"}')


def test_strings_are_cleaned_keys_too() -> None:
    found = wire.parse(b'{"na\\u001b]52me": ["a\\u202eb\\u0000", "fine\\nline"]}')
    assert "\x1b" not in str(found)
    assert "\u202e" not in str(found)
    assert "fine\nline" in next(iter(found.values()))


def test_messages_of_errors_quote_nothing() -> None:
    with pytest.raises(ServerMistake) as raised:
        wire.parse(b'{"secret name": "Mr Secret", "secret name": 1}')
    assert "ecret" not in str(raised.value)


def test_small_requests_are_not_compressed_and_large_ones_are() -> None:
    assert wire.compressed(b"{}") == (b"{}", "")
    body, encoding = wire.compressed(TEXT)
    assert encoding == "zstd"
    assert zstandard.decompress(body) == TEXT


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b'""', b'"ab"', b'{"a":[]}', b'"' + b"\\" * 8 + b'"'])
def test_tiny_values_are_counted_before_they_fill_memory(value: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenth of what is allowed: memory is watched object by object, which takes twenty times as long.
    monkeypatch.setattr(wire, "MAX_VALUES", wire.MAX_VALUES // 10)
    body = b"[" + b",".join([value] * (1024 * 1024 // (len(value) + 1))) + b"]"
    tracemalloc.start()
    try:
        with pytest.raises(ReplyTooLarge, match="values"):
            wire.parse(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 256 * 1024


def test_texts_full_of_commas_are_only_texts() -> None:
    text = ',[{\\"' * 200_000
    assert wire.parse(json.dumps([text]).encode()) == [text]


def test_lines_come_as_soon_as_their_bytes_are_there() -> None:
    packer = zstandard.ZstdCompressor(level=9).compressobj()
    sent = [packer.compress(line) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for line in (b'{"a":1}\n', b"{}\n")]
    given: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number, chunk in enumerate(sent):
            given.append(number)
            yield chunk

    found = wire.lines(chunks(), "zstd", wire.StreamBudget())
    assert next(found) == b'{"a":1}'
    assert given == [0], "the first line waits for no further bytes"
    assert list(found) == [b"{}"]


@pytest.mark.parametrize("separator", [b"", b"{}\n"])
def test_a_bomb_in_a_stream_is_found_out_early(separator: bytes) -> None:
    """16 kB that decode to 512 MB, as one endless line or as very many short ones."""
    plain = (separator * (2**20 // max(len(separator), 1)) or b"\0" * 2**20) if separator else b"\0" * 2**20
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    bomb = b"".join(packer.compress(plain) for _ in range(512)) + packer.flush()
    budget = wire.StreamBudget()
    with pytest.raises(ReplyTooLarge):
        for _ in wire.lines([bomb], "zstd", budget):
            pass
    assert budget.decoded <= wire.MAX_REPLY + 2 * wire.STEP or budget.decoded <= wire.MAX_RATIO * len(bomb) + wire.STEP


def test_half_a_line_is_a_cut_line() -> None:
    with pytest.raises(Offline):
        list(wire.lines([b'{"a":1}\n{"b"'], "", wire.StreamBudget()))
