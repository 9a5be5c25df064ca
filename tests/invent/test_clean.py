"""What goes into the database has no NUL, no lone surrogate, no NaN, and an end to its depth."""

import json
from typing import Any

import pytest

from mergeui.invent import Malformed, clean_json, clean_text
from mergeui.invent.clean import decode_json


def test_nul_and_lone_surrogates_are_replaced_everywhere_keys_too():
    dirty = {"a\x00": ["x\ud800y", {"b": "\udfff"}], "emoji": "😀"}
    assert clean_json(dirty) == {"a\ufffd": ["x\ufffdy", {"b": "\ufffd"}], "emoji": "😀"}
    assert dirty == {"a\x00": ["x\ud800y", {"b": "\udfff"}], "emoji": "😀"}
    assert clean_text("a\x00b") == "a\ufffdb"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'["a"]', ["a"]),
        (b'\xef\xbb\xbf["a"]', ["a"]),
        (b'["\\u0000"]', ["\ufffd"]),
        (b'["\\ud83d\\ude00"]', ["😀"]),
        (b'["\\ud83d"]', ["\ufffd"]),
        (b'["\xff"]', ["\ufffd"]),
        (b"[NaN, Infinity, -Infinity, 1e999, 1.5]", [None, None, None, None, 1.5]),
        (b'["\\\\u0000"]', ["\\u0000"]),
    ],
)
def test_odd_json_is_read_where_that_loses_nothing(body: bytes, value: Any):
    assert decode_json(body) == value


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"<html>", b'{"a": ', b"[" * 100_000, b"[" + b"9" * 10_000 + b"]"]
)
def test_what_is_no_json_is_malformed(body: bytes):
    with pytest.raises(Malformed):
        decode_json(body)


def test_json_that_is_nested_too_deeply_to_be_cleaned_is_malformed():
    with pytest.raises(Malformed):
        clean_json(json.loads("[" * 100 + "]" * 100))


def test_what_is_no_json_value_is_malformed():
    with pytest.raises(Malformed):
        clean_json({"a": object()})
