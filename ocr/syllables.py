"""Is this Vietnamese? The grammar of a written syllable, and the verdict on a text layer it gives.

Vietnamese syllables are a closed set: an onset, a rhyme, one tone, and a rhyme that ends in a stop takes only the
sharp or the heavy tone. Text read by an engine for another language, text in an old 8-bit font, and text whose
marks were lost all break these rules on most words, so no word list is needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_TONES = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_INITIALS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_ONSETS = frozenset(("", *_INITIALS.split(" ")))
# Rhymes without tone. Those that end in a stop (c, ch, p, t) are told by their last letters.
_RHYMES = frozenset(
    " ".join(
        (
            "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây",
            "e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu",
            "i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu",
            "y yêm yên yêng yêt yêu yt ych ynh yn ym yp yu",
            "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt",
            "oc oe oen oeo oet oi om on ong ooc oong op ot",
            "ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt",
            "u ua uân uâng uât uây uc uê uêch uên uênh uêt uêu ui um un ung uơ uôc uôi uôm uôn uông uôp uôt up ut",
            "uy uya uych uyên uyêt uyn uynh uyp uyt uyu",
            "ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu",
        )
    ).split(" ")
)
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Whether ``word`` is spelled like one Vietnamese syllable, in any case; ``hoà`` and ``hòa`` both are."""
    letters: list[str] = []
    tone = ""
    for char in unicodedata.normalize("NFD", word.lower()):
        if char in _TONES:
            if tone:
                return False
            tone = _TONES[char]
        else:
            letters.append(char)
    plain = unicodedata.normalize("NFC", "".join(letters))
    for size in (3, 2, 1, 0):
        onset, rhyme = plain[:size], plain[size:]
        if len(onset) == size and onset in _ONSETS and _fits(onset, rhyme, tone):
            return True
    return False


def _fits(onset: str, rhyme: str, tone: str) -> bool:
    if onset == "gi" and rhyme == "":
        rhyme = "i"
    if rhyme not in _RHYMES:
        return False
    if onset in ("k", "gh", "ngh") and rhyme[0] not in "eêiy":
        return False
    if (onset in ("c", "ng") and rhyme[0] in "eêiy") or (onset == "g" and rhyme[0] in "eê"):
        return False
    stopped = rhyme[-1] in "cpt" or rhyme.endswith("ch")
    return tone in ("s", "j") if stopped else True


@dataclass(frozen=True, slots=True)
class TextJudgement:
    """How Vietnamese a text is.

    Attributes:
        words: Words of two letters or more that were looked at.
        valid_share: Share of them that are Vietnamese syllables, 0.0–1.0.
        marked_share: Share of them that are such syllables and carry a tone mark or a Vietnamese letter, 0.0–1.0.
    """

    words: int
    valid_share: float
    marked_share: float

    @property
    def vietnamese(self) -> bool:
        """Enough words, nearly all of them syllables, and most of them with their marks.

        Ordinary Vietnamese measures 0.90–0.99 and 0.70–0.85; the layer of an engine for another language 0.4–0.6
        and below 0.1.
        """
        return self.words >= 5 and self.valid_share >= 0.8 and self.marked_share >= 0.45

    @property
    def junk(self) -> bool:
        """Enough words to say that this is no Vietnamese text."""
        return self.words >= 20 and not self.vietnamese


def judge_text(texts: Iterable[str]) -> TextJudgement:
    """Judges running text or words; numbers, codes and single letters do not count."""
    total = valid = marked = 0
    for text in texts:
        for token in _WORD.findall(unicodedata.normalize("NFC", text)):
            if len(token) < 2 or (token.isupper() and len(token) <= 5 and token.isascii()):
                continue
            total += 1
            if not is_syllable(token):
                continue
            valid += 1
            marked += not token.isascii()
    return TextJudgement(total, valid / total if total else 0.0, marked / total if total else 0.0)
