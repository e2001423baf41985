"""Capitals and full stops made small only where the engine doubts them and what stands around agrees."""

from __future__ import annotations

import pytest

from manifests.text import Bbox, Word
from ocr.choices import Choices
from ocr.twins import settle_twins


def settled(read: str, others: dict[str, dict[int, dict[str, float]]]) -> tuple[Word, ...]:
    """``read`` as one line; ``others`` are the engine's alternatives by word and place of the letter."""
    words, alternatives = [], {}
    for number, text in enumerate(read.split()):
        box = Bbox(100 * number, 0, 100 * number + 90, 30)
        words.append(Word(text, box, 0.9, 0, 0))
        letters: Choices = tuple(others.get(text, {}).get(place, {}) for place in range(len(text)))
        alternatives[text, box] = letters
    return settle_twins(words, alternatives)


@pytest.mark.parametrize(
    ("read", "others", "paper"),
    [
        ("thuốc cấp Cơ sở quy", {"Cơ": {0: {"c": 1.5}}}, "thuốc cấp cơ sở quy"),
        ("của (Cơ sở", {"(Cơ": {1: {"c": 1.5}}}, "của (cơ sở"),
        ("khám bệnh. chữa bệnh", {"bệnh.": {4: {",": 17.5}}}, "khám bệnh, chữa bệnh"),
        ("Số; 15 Dân", {"Số;": {2: {":": 1.8}}}, "Số: 15 Dân"),
    ],
)
def test_made_small(read: str, others: dict[str, dict[int, dict[str, float]]], paper: str) -> None:
    found = settled(read, others)
    assert " ".join(word.text for word in found) == paper
    assert {word.raw for word in found if word.raw} == set(others)


@pytest.mark.parametrize(
    ("read", "others"),
    [
        ("của Sở Y tế", {"Sở": {0: {"s": 2.0}}}),  # a name goes on with capitals
        ("cấp Cơ sở quy", {"Cơ": {0: {"c": 22.0}}}),  # the engine does not doubt it
        ("cấp Cơ sở quy", {}),
        ("Cấp Cơ sở", {"Cơ": {0: {"c": 1.5}}}),
        ("xã hội. Căn cứ", {"hội.": {3: {",": 5.0}}}),
        ("mục 3. cấp", {"3.": {1: {",": 5.0}}}),
        ("thêm... theo đó", {"thêm...": {6: {",": 5.0}}}),  # an ellipsis
        ("Số; 15", {"Số;": {2: {":": 9.5}}}),
        ("theo; các", {"theo;": {4: {":": 2.0}}}),
        ("Như trên; - Lưu", {"trên;": {4: {":": 2.0}}}),
    ],
)
def test_left_alone(read: str, others: dict[str, dict[int, dict[str, float]]]) -> None:
    found = settled(read, others)
    assert " ".join(word.text for word in found) == read
    assert not any(word.raw for word in found)


@pytest.mark.parametrize(("end", "text"), [(400, "Cơ"), (1180, "cơ")])
def test_a_capital_that_begins_a_paragraph_is_believed(end: int, text: str) -> None:
    """The line above is short though the word would have fitted in it."""
    boxes = [Bbox(0, 0, 1200, 30), Bbox(end - 90, 50, end, 80), Bbox(60, 100, 110, 130), Bbox(120, 100, 160, 130)]
    read = ["nội", "cấp", "Cơ", "sở"]
    words = [Word(word, box, 0.9, 0, line) for word, box, line in zip(read, boxes, (0, 1, 2, 2), strict=True)]
    alternatives: dict[tuple[str, Bbox], Choices] = {(words[2].text, words[2].bbox): ({"c": 1.5}, {})}
    assert settle_twins(words, alternatives)[2].text == text
