from __future__ import annotations

import unicodedata

import pytest

from pipeline.stores import BadKeyError
from pipeline.stores.keys import readable_key, readable_prefix, writable_key

NFC = "10001/lô/hồ sơ.pdf"
NFD = unicodedata.normalize("NFD", NFC)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "..",
        "a/../b",
        "../x",
        "a/..",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "a\0b",
        "a\nb",
        "a\x7fb",
        "a\x85b",
        "a\\b",
        "\udce9.pdf",
        "a/" + "é" * 128,
        "/".join(["abcdefgh"] * 120),
        ".incoming/half",
    ],
)
def test_key_that_could_leave_or_name_nothing_is_refused(key: str) -> None:
    with pytest.raises(BadKeyError) as caught:
        readable_key(key)
    assert caught.value.key == key
    with pytest.raises(BadKeyError):
        writable_key(key)


@pytest.mark.parametrize("key", ["a", "a/b/c.pdf", "10001/lô 1/hồ sơ số 5.pdf", "..a/b..", "...", "a/.incoming", NFC])
def test_ordinary_key_is_returned_as_it_is(key: str) -> None:
    assert writable_key(key) == key


def test_decomposed_name_may_be_read_but_not_put() -> None:
    assert readable_key(NFD) == NFD
    with pytest.raises(BadKeyError, match="NFC"):
        writable_key(NFD)


def test_prefix_may_end_in_a_slash_or_be_empty() -> None:
    assert readable_prefix("") == ""
    assert readable_prefix("10001/lô/") == "10001/lô/"
    with pytest.raises(BadKeyError):
        readable_prefix("../")
    with pytest.raises(BadKeyError):
        readable_prefix("/")
