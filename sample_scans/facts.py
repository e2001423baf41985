"""What a fictional record says: every value with its form on paper and its normalized form, dates that fit the age.

Normalized forms: dates ISO 8601, names in title case, numbers as printed without spaces, everything else as printed.
Keys that start with ``_`` are on the paper but are no index field.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from sample_scans import fictional as made
from sample_scans.eras import Era


@dataclass(frozen=True, slots=True)
class Fact:
    """A value: ``text`` as it is written, ``normalized`` as it means."""

    text: str
    normalized: str


@dataclass(frozen=True, slots=True)
class Place:
    """The unit that issues the paper: ``name`` with its kind ("Phường Lê Đại Hành")."""

    code: str
    name: str

    def spoken(self, era: Era) -> str:
        """As old and new papers call it, inside a sentence."""
        kind, _, rest = self.name.partition(" ")
        if era.code == "typed" and kind == "Phường":
            kind = "khu phố"
        return f"{kind.lower()} {rest}"

    def authority(self, era: Era) -> str:
        return f"{era.authority} {self.spoken(era).upper()}"


Facts = dict[str, Fact]


def make_facts(
    record_type: str, era: Era, year: int, place: Place, rng: random.Random, *, months: tuple[int, int] = (1, 12)
) -> Facts:
    """All values of one paper.

    Args:
        year: Of the registration or the decision.
        months: First and last month it may happen in (a unit that ended, a batch that was packed).
    """
    day = made.day_in(rng, year, months)
    serial = rng.randint(1, 240)
    makers = {
        "birth": _birth,
        "birth_register": _birth,
        "marriage": _marriage,
        "marriage_register": _marriage,
        "death": _death,
        "death_register": _death,
        "marital_status": _marital_status,
        "decision": _decision,
        "permit": _permit,
    }
    facts = {
        "number": _same(f"{serial:02d}" if era.code == "typed" else f"{serial:02d}/{year}"),
        "book": _same(_book(record_type, year, rng)),
        "registration_date": _date(day, era),
        "registration_place": _same(_office(place, era)),
        "issue_date": Fact(made.spoken(day), day.isoformat()),
        "signer_name": _name(made.person(rng), capitals=False),
        "issuer": _same(place.authority(era)),
        "_issued": _same(f"Hà Nội, {made.spoken(day)}"),
    }
    return facts | makers[record_type](facts, era, day, place, rng)


def _birth(known: Facts, era: Era, day: dt.date, place: Place, rng: random.Random) -> Facts:
    born = max(day - dt.timedelta(days=rng.randint(2, 58)), dt.date(day.year - 1, 11, 1))
    child = made.person(rng, born=born)
    mother = made.person(rng, "Nữ", made.day_in(rng, born.year - rng.randint(20, 38)))
    father = made.person(rng, "Nam", made.day_in(rng, born.year - rng.randint(22, 44)))
    father_family = father.name.split()[0]
    child = made.Person(" ".join([father_family, *child.name.split()[1:]]), child.sex, child.born)
    home = made.address(rng, place.spoken(era))
    declarant = rng.choice((mother, father))
    facts = {
        "person_name": _name(child, era),
        "birth_date": _date(born, era),
        "birth_date_words": Fact(made.in_words(born), born.isoformat()),
        "sex": _same(child.sex),
        "ethnicity": _same(rng.choice(made.ETHNICITIES)),
        "nationality": _same("Việt Nam"),
        "birth_place": _same(made.hospital(rng)),
        "hometown": _same(made.village(rng)),
        "mother_name": _name(mother, era),
        "mother_birth_year": _same(str(mother.born.year)),
        "_mother_ethnicity": _same(rng.choice(made.ETHNICITIES)),
        "_mother_nationality": _same("Việt Nam"),
        "mother_residence": _same(home),
        "father_name": _name(father, era),
        "father_birth_year": _same(str(father.born.year)),
        "_father_ethnicity": _same(rng.choice(made.ETHNICITIES)),
        "_father_nationality": _same("Việt Nam"),
        "father_residence": _same(home),
        "declarant_name": _name(declarant, era),
        "_declarant_document": _same(made.identity_paper(rng, declarant, day.year)),
    }
    if era.code == "laser":
        facts["personal_id"] = _same(made.personal_id(rng, child))
    return facts


def _marriage(known: Facts, era: Era, day: dt.date, place: Place, rng: random.Random) -> Facts:
    wife = made.person(rng, "Nữ", made.day_in(rng, day.year - rng.randint(19, 34)))
    husband = made.person(rng, "Nam", made.day_in(rng, day.year - rng.randint(21, 38)))
    facts: Facts = {}
    for role, who in (("wife", wife), ("husband", husband)):
        facts |= {
            f"{role}_name": _name(who, era),
            f"{role}_birth_date": _date(who.born, era),
            f"_{role}_ethnicity": _same(rng.choice(made.ETHNICITIES)),
            f"_{role}_nationality": _same("Việt Nam"),
            f"{role}_residence": _same(made.address(rng, place.spoken(era))),
            f"{role}_document": _same(made.identity_paper(rng, who, day.year)),
        }
    return facts


def _death(known: Facts, era: Era, day: dt.date, place: Place, rng: random.Random) -> Facts:
    died = max(day - dt.timedelta(days=rng.randint(1, 14)), dt.date(day.year - 1, 12, 15))
    dead = made.person(rng, born=made.day_in(rng, died.year - rng.randint(41, 92)))
    causes = ("Tuổi già", "Bệnh già", "Tai biến mạch máu não", "Suy tim", "Viêm phổi")
    facts = {
        "person_name": _name(dead, era),
        "birth_date": _date(dead.born, era),
        "sex": _same(dead.sex),
        "ethnicity": _same(rng.choice(made.ETHNICITIES)),
        "nationality": _same("Việt Nam"),
        "_hour": _same(f"{rng.randint(0, 23)} giờ {rng.randint(1, 59):02d} phút, ngày"),
        "death_date": _date(died, era),
        "death_date_words": Fact(made.in_words(died), died.isoformat()),
        "death_place": _same(made.address(rng, place.spoken(era))),
        "death_cause": _same(rng.choice(causes)),
        "declarant_name": _name(made.person(rng), era),
    }
    if era.code == "laser":
        facts["personal_id"] = _same(made.personal_id(rng, dead))
    return facts


def _marital_status(known: Facts, era: Era, day: dt.date, place: Place, rng: random.Random) -> Facts:
    who = made.person(rng, born=made.day_in(rng, day.year - rng.randint(19, 45)))
    lived_from = made.day_in(rng, day.year - rng.randint(1, 10))
    states = (
        "Chưa đăng ký kết hôn với ai",
        "Đã ly hôn, chưa đăng ký kết hôn với ai",
        "Hiện tại chưa có vợ, chưa có chồng",
    )
    serial = known["number"].text.split("/")[0]
    return {
        "number": _same(f"{serial}/UBND-XNTTHN"),
        "person_name": _name(who, era),
        "_asked_by": _same(who.name),
        "birth_date": _date(who.born, era),
        "sex": _same(who.sex),
        "ethnicity": _same(rng.choice(made.ETHNICITIES)),
        "nationality": _same("Việt Nam"),
        "person_document": _same(made.identity_paper(rng, who, day.year)),
        "residence": _same(made.address(rng, place.spoken(era))),
        "_stay": _same(f"{_office(place, era)} từ ngày {made.figures(lived_from)} đến ngày {made.figures(day)}"),
        "marital_status": _same(rng.choice(states)),
    }


def _decision(known: Facts, era: Era, day: dt.date, place: Place, rng: random.Random) -> Facts:
    who, street = made.person(rng), made.hamlet(rng)
    subjects = (
        f"cho phép thay đổi, cải chính hộ tịch đối với {_polite(who)}",
        f"giải quyết trợ cấp xã hội hàng tháng đối với {_polite(who)}",
        f"công nhận tổ dân phố văn hóa phố {street}",
        f"phê duyệt danh sách hộ gia đình được hỗ trợ sửa chữa nhà ở phố {street}",
        f"trợ cấp mai táng phí cho thân nhân {_polite(who)}",
    )
    return {
        "number": _same(f"{rng.randint(1, 900)}/QĐ-{'UBHC' if era.code == 'typed' else 'UBND'}"),
        "subject": _same(rng.choice(subjects)),
        "_person": _same(who.name),
        "_street": _same(street),
    }


def _permit(known: Facts, era: Era, day: dt.date, place: Place, rng: random.Random) -> Facts:
    owner = made.person(rng, born=made.day_in(rng, day.year - rng.randint(25, 60)))
    builds = rng.random() < 0.5
    return {
        "number": _same(f"{rng.randint(1, 300)}/{'GPXD' if builds else 'GCN-HKD'}"),
        "_kind": _same("build" if builds else "trade"),
        "_owner": _same(owner.name.upper()),
        "_document": _same(made.identity_paper(rng, owner, day.year)),
        "_address": _same(made.address(rng, place.spoken(era))),
        "_area": _same(f"{rng.randint(24, 140)},{rng.randint(0, 9)} m2"),
        "_floors": _same(f"{rng.randint(1, 6):02d} tầng"),
        "_trade": _same(rng.choice(("Bán lẻ hàng tạp hóa", "Dịch vụ ăn uống", "Sửa chữa xe máy", "May đo quần áo"))),
        "_capital": _same(f"{rng.randint(10, 300)}.000.000 đồng"),
    }


def _same(text: str) -> Fact:
    return Fact(text, text)


def _name(who: made.Person, era: Era | None = None, *, capitals: bool = True) -> Fact:
    # capitals since the forms of 2016 (TT 04/2020/TT-BTP, Art 31-34); older clerks wrote as they liked
    upper = capitals and era is not None and era.code in ("laser", "form")
    return Fact(who.name.upper() if upper else who.name, who.name)


def _polite(who: made.Person) -> str:
    return f"{'ông' if who.sex == 'Nam' else 'bà'} {who.name}"


def _date(day: dt.date, era: Era) -> Fact:
    if era.code == "typed":
        return Fact(made.dashed(day), day.isoformat())
    return Fact(
        made.spoken(day).removeprefix("ngày ") if era.code == "dotted" else made.figures(day), day.isoformat()
    )


def _office(place: Place, era: Era) -> str:
    head = "Ủy ban hành chính" if era.code == "typed" else "Ủy ban nhân dân"
    return f"{head} {place.spoken(era)}"


def _book(record_type: str, year: int, rng: random.Random) -> str:
    short = {"birth": "KS", "marriage": "KH", "death": "KT"}.get(record_type.removesuffix("_register"), "HT")
    if year >= 2020:
        return f"{rng.randint(1, 4):02d}-TP/HT-2020-{short}"
    return f"{rng.randint(1, 6):02d}/{year}"
