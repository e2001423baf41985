"""People, places, dates and numbers that never were, combined from common syllables by a seeded generator.

Provinces are real because a place name needs one to look like one; everything below them is made up.
"""

from __future__ import annotations

import datetime as dt
import random
import tomllib
from dataclasses import dataclass
from importlib import resources

_SYLLABLES = tomllib.loads(resources.files("sample_scans").joinpath("syllables.toml").read_text(encoding="utf-8"))
FAMILY: list[str] = _SYLLABLES["family"].split()
MIDDLE: dict[str, list[str]] = {sex: text.split() for sex, text in _SYLLABLES["middle"].items()}
GIVEN: dict[str, list[str]] = {sex: text.split() for sex, text in _SYLLABLES["given"].items()}
ETHNICITIES: list[str] = _SYLLABLES["ethnicities"].split()
PROVINCES = (
    "Hà Nội",
    "Nam Định",
    "Thái Bình",
    "Hưng Yên",
    "Hải Dương",
    "Ninh Bình",
    "Phú Thọ",
    "Nghệ An",
    "Bắc Giang",
)
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    sex: str
    born: dt.date


def person(rng: random.Random, sex: str | None = None, born: dt.date | None = None) -> Person:
    """Somebody with a three- or four-syllable name."""
    chosen = sex or rng.choice(("Nam", "Nữ"))
    middle = rng.choice(MIDDLE[chosen])
    if rng.random() < 0.25:
        extra = rng.choice(MIDDLE[chosen])
        middle = middle if extra == middle else f"{middle} {extra}"
    name = f"{rng.choice(FAMILY)} {middle} {rng.choice(GIVEN[chosen])}"
    return Person(name, chosen, born or day_in(rng, 1930))


def day_in(rng: random.Random, year: int, months: tuple[int, int] = (1, 12)) -> dt.date:
    """A day of that year in the months given, both in it (days after the 28th never come up)."""
    return dt.date(year, rng.randint(*months), rng.randint(1, 28))


def hamlet(rng: random.Random) -> str:
    return f"{rng.choice(_SYLLABLES['place_first'].split())} {rng.choice(_SYLLABLES['place_last'].split())}"


def village(rng: random.Random) -> str:
    """A commune, its district and a province: fictional, real only in the last part."""
    return f"xã {hamlet(rng)}, huyện {hamlet(rng)}, {rng.choice(PROVINCES)}"


def address(rng: random.Random, ward: str) -> str:
    """A house in a made-up street of ``ward`` (or in a made-up village)."""
    if rng.random() < 0.6:
        return f"số {rng.randint(2, 198)} phố {hamlet(rng)}, {ward}, Hà Nội"
    return f"thôn {hamlet(rng)}, {village(rng)}"


def hospital(rng: random.Random) -> str:
    return f"{rng.choice(('Bệnh viện', 'Nhà hộ sinh', 'Trạm y tế'))} {hamlet(rng)}, Hà Nội"


def personal_id(rng: random.Random, who: Person) -> str:
    """Twelve digits in the shape of a personal number whose running part is out of use (it starts with 9)."""
    century = (who.born.year // 100 - 19) * 2 + (who.sex == "Nữ")
    return f"001{century}{who.born.year % 100:02d}9{rng.randint(0, 99999):05d}"


def identity_paper(rng: random.Random, who: Person, year: int) -> str:
    """An identity paper as forms of that year name it."""
    if year < 1976:
        return f"Giấy chứng minh số 9{rng.randint(0, 99999):05d}"
    if year < 2016:
        return f"CMND số 9{rng.randint(0, 99999999):08d}"
    return f"CCCD số {personal_id(rng, who)}"


def figures(day: dt.date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


def dashed(day: dt.date) -> str:
    return f"{day.day}-{day.month}-{day.year}"


def spoken(day: dt.date) -> str:
    """``ngày 15 tháng 3 năm 2019``: figures between words, as headings have it."""
    return f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"


def in_words(day: dt.date) -> str:
    """``Ngày mười lăm tháng ba năm hai nghìn không trăm mười chín``."""
    month = "tư" if day.month == 4 else number_words(day.month)
    return f"Ngày {number_words(day.day)} tháng {month} năm {number_words(day.year)}"


def number_words(number: int) -> str:
    """A number from 1 to 9999 in Vietnamese."""
    if not 1 <= number <= 9999:
        raise ValueError(f"{number} is outside 1 to 9999")
    thousands, rest = divmod(number, 1000)
    hundreds, rest = divmod(rest, 100)
    words: list[str] = []
    if thousands:
        words += [_DIGITS[thousands], "nghìn"]
    if hundreds or (thousands and rest):
        words += [_DIGITS[hundreds], "trăm"]
    return " ".join(words + _below_hundred(rest, after_hundreds=bool(words)))


def _below_hundred(rest: int, *, after_hundreds: bool) -> list[str]:
    tens, ones = divmod(rest, 10)
    words: list[str] = []
    if tens == 1:
        words.append("mười")
    elif tens > 1:
        words += [_DIGITS[tens], "mươi"]
    elif ones and after_hundreds:
        words.append("linh")
    if ones == 1 and tens > 1:
        words.append("mốt")
    elif ones == 5 and tens:
        words.append("lăm")
    elif ones:
        words.append(_DIGITS[ones])
    return words
