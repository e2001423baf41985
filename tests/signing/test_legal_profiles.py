from __future__ import annotations

import datetime as dt
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from manifests.reasons import REASONS
from signing.capture_rules import ColourMode, CopyFacts, PageCapture, check_capture, refuse_breaches
from signing.errors import CopyRefusedError, ProfileError
from signing.profile_rules import Colour, Corner, MarkPlace, SignerKind
from signing.profiles import find_profile, parse_profile, profiles
from signing.visible import SigningDetails, mark_wording, signature_wording

AT = dt.datetime(2026, 3, 2, 18, 5, 9, tzinfo=dt.UTC)


def test_the_five_profiles_of_the_legal_facts() -> None:
    assert set(profiles()) == {"nd30-2020", "tt01-2023", "tt02-2019", "cv7197-2025", "hotich-1437"}


@pytest.mark.parametrize(
    ("name", "signatures", "dpi", "tolerated", "colour"),
    [
        ("nd30-2020", [(SignerKind.AGENCY, Corner.TOP_RIGHT, True, False)], 200, 200, Colour.ALWAYS),
        (
            "tt01-2023",
            [
                (SignerKind.PERSON, Corner.TOP_LEFT, True, False),
                (SignerKind.AGENCY, Corner.TOP_RIGHT, False, False),
            ],
            200,
            200,
            Colour.ALWAYS,
        ),
        ("tt02-2019", [(SignerKind.AGENCY, Corner.TOP_RIGHT, True, True)], 200, 200, Colour.ALWAYS),
        ("cv7197-2025", [(SignerKind.AGENCY, Corner.TOP_RIGHT, True, False)], 300, 200, Colour.WHERE_NEEDED),
        ("hotich-1437", [], 200, 200, Colour.ALWAYS),
    ],
)
def test_where_they_disagree(name: str, signatures: list[Any], dpi: int, tolerated: int, colour: Colour) -> None:
    profile = find_profile(name)
    made = [(each.signer, each.corner, each.required, each.show_seal) for each in profile.signatures]
    assert made == signatures
    assert (profile.min_dpi, profile.tolerated_dpi, profile.colour) == (dpi, tolerated, colour)
    assert profile.signed == bool(signatures)
    assert profile.before_extraction == (name == "tt01-2023")


def test_who_signs_and_in_which_order() -> None:
    assert find_profile("tt01-2023").signers() == (SignerKind.PERSON,)
    assert find_profile("tt01-2023").signers(countersigned=True) == (SignerKind.PERSON, SignerKind.AGENCY)
    assert find_profile("nd30-2020").signers(countersigned=True) == (SignerKind.AGENCY,)
    assert find_profile("hotich-1437").signers(countersigned=True) == ()
    with pytest.raises(ProfileError, match="person"):
        find_profile("nd30-2020").signature(SignerKind.PERSON)


def test_every_rule_names_its_source_and_doubt_is_marked() -> None:
    for profile in profiles().values():
        for rule in profile.rules:
            assert rule.source.strip(), (profile.name, rule.name)
            if "secondary source" in rule.source or "engineering default" in rule.source:
                assert not rule.confirmed, (profile.name, rule.name)
    assert {rule.name for rule in find_profile("nd30-2020").unconfirmed()} >= {
        "signatures.1.corner",
        "signatures.1.time_pattern",
    }


def test_time_is_printed_at_plus_seven_whatever_the_zone_given() -> None:
    profile = find_profile("nd30-2020")
    assert profile.time_text(AT) == "03-03-2026 01:05:09 +07:00"
    assert profile.time_text(AT.astimezone(dt.timezone(dt.timedelta(hours=-5)))) == "03-03-2026 01:05:09 +07:00"
    assert find_profile("tt02-2019").time_text(AT) == "2026-03-03T01:05:09+07:00"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ProfileError, match="time zone"):
        find_profile("nd30-2020").time_text(AT.replace(tzinfo=None))


def test_the_conversion_mark_says_what_the_law_asks_for() -> None:
    mark = find_profile("nd30-2020").conversion_text("Nguyễn Thị Thử", AT)
    assert "chuyển đổi từ văn bản giấy" in mark
    assert "03-03-2026 01:05:09 +07:00" in mark
    assert "Nguyễn Thị Thử" in mark
    with pytest.raises(ProfileError, match="full name of the converter"):
        find_profile("nd30-2020").conversion_text("  ", AT)


def test_the_mark_stands_in_the_block_only_where_the_profile_says_so() -> None:
    details = SigningDetails(agency="Ủy ban", person="Nguyễn Thị Thử")
    for name in ("nd30-2020", "tt01-2023", "cv7197-2025"):
        profile = find_profile(name)
        on_page = profile.conversion_mark_place is MarkPlace.PAGE
        wording = signature_wording(profile, profile.signer, details, AT, mark=not on_page)
        assert any("chuyển đổi" in line for line in wording.lines) != on_page
        if on_page:
            (mark,) = mark_wording(profile, details, AT).lines
            assert "Nguyễn Thị Thử" in mark


def test_a_line_without_its_words_is_left_out() -> None:
    profile = find_profile("nd30-2020")
    details = SigningDetails(agency="Ủy ban", copy_form="")
    wording = signature_wording(profile, SignerKind.AGENCY, details, AT, mark=False)
    assert wording.lines == ("Ủy ban", "03-03-2026 01:05:09 +07:00")


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ProfileError, match="nd30-2020") as caught:
        find_profile("nd99")
    assert caught.value.code == "configuration_invalid"


TEXT = resources.files("signing").joinpath("data/profiles/nd30-2020.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("= broken", "not TOML"),
        ("", "is missing"),
        (TEXT.replace('corner = { value = "top_right"', 'corner = { value = "middle"'), "corner"),
        (TEXT.replace("signer = ", "sgner = "), "signer"),
        (TEXT.replace('["{copy_form}", "{agency}", "{time}"]', '["{password}"]'), "password"),
        (TEXT.replace('["{copy_form}", "{agency}", "{time}"]', "[]"), "needs a signer and lines"),
        (TEXT.replace('name = "nd30-2020"', 'name = "other"'), "calls itself"),
        (TEXT.replace('value = 10, source = "NĐ', 'value = "ten", source = "NĐ'), "font_size"),
        (TEXT.replace('value = 10, source = "NĐ', 'value = 1000, source = "NĐ'), "fits no page"),
        (TEXT.replace(", confirmed = true }", " }", 1), "confirmed"),
        (TEXT.replace('on_breach = "tell"', 'on_breach = "shout"', 1), "on_breach"),
        (TEXT.replace('on_breach = "tell"', 'on_braech = "tell"', 1), "on_braech"),
        (TEXT.replace("signed = { value = true", "signed = { value = false"), "does not fit"),
        (TEXT.replace("required = { value = true", "required = { value = false"), "must be required"),
        (TEXT.replace("tolerated_dpi = { value = 200", "tolerated_dpi = { value = 600"), "tolerated_dpi"),
        (TEXT.replace("{converter}", "{wife}"), "wife"),
        (TEXT.replace("[rules]", "[rulez]"), "rulez"),
        (TEXT + TEXT[TEXT.index("[[signatures]]") :], "same signer"),
        (
            TEXT.replace('value = "agency"', 'value = "person"').replace(
                "show_seal = { value = false", "show_seal = { value = true"
            ),
            "seal",
        ),
    ],
)
def test_a_wrong_profile_file_is_refused_with_the_place(text: str, complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint):
        parse_profile("nd30-2020", text)


OWN = """
name = "hai-ba-trung"
version = "2026.1"
based_on = "nd30-2020"
[rules]
min_dpi = { value = 300, source = "Quyết định nội bộ", confirmed = true, on_breach = "refuse" }
[[signatures]]
font_size = { value = 11, source = "Quyết định nội bộ", confirmed = true }
"""


def test_an_agency_builds_on_a_profile_and_says_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "hai-ba-trung.toml").write_text(OWN, encoding="utf-8")
    own, base = find_profile("hai-ba-trung", tmp_path), find_profile("nd30-2020")
    assert (own.min_dpi, own.version) == (300, "2026.1")
    (signature,) = own.signatures
    assert signature.font_size == 11
    assert signature.lines == base.signatures[0].lines
    assert own.rule("min_dpi").source == "Quyết định nội bộ"
    assert find_profile("tt02-2019", tmp_path) == find_profile("tt02-2019"), "the others are still there"
    assert len(own.unconfirmed()) == len(base.unconfirmed()) - 2
    with pytest.raises(ProfileError, match="unknown"):
        find_profile("hai-ba-trung")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (OWN.replace('"nd30-2020"', '"nd31"'), "builds on"),
        (OWN.replace("2026.1", find_profile("nd30-2020").version), "version of its own"),
        (OWN.replace('source = "Quyết định nội bộ", ', "", 1), "source"),
    ],
)
def test_a_wrong_file_of_an_agency_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "hai-ba-trung.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match=complaint):
        find_profile("hai-ba-trung", tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="SOHOA_PROFILES_FOLDER"):
        find_profile("nd30-2020", tmp_path / "gone")


def test_a_copy_that_keeps_every_rule_breaks_none() -> None:
    pages = tuple(PageCapture(number, 300, ColourMode.COLOUR) for number in (1, 2))
    for profile in profiles().values():
        assert check_capture(profile, CopyFacts(pages, "1.7", "2u")) == ()


@pytest.mark.parametrize(
    ("name", "dpi", "refused"),
    [
        ("tt02-2019", 199.7, None),
        ("tt02-2019", 150, True),
        ("nd30-2020", 150, False),
        ("cv7197-2025", 299.9, None),
        ("cv7197-2025", 200, False),
        ("cv7197-2025", 196, True),
        ("tt02-2019", 0, False),
    ],
)
def test_resolution_is_refused_or_told_as_the_profile_says(name: str, dpi: float, refused: bool | None) -> None:
    pages = (PageCapture(1, 300), PageCapture(2, dpi))
    breaches = check_capture(find_profile(name), CopyFacts(pages))
    if refused is None:
        assert breaches == ()
        return
    (breach,) = breaches
    assert breach.refuse == refused
    assert breach.pages == (2,)
    assert breach.code in REASONS
    assert breach.sentence.startswith("Trang 2: ")


def test_colour_and_format() -> None:
    pages = (PageCapture(1, 300, ColourMode.GREY), PageCapture(2, 300, None), PageCapture(3, 300, ColourMode.BITONAL))
    facts = CopyFacts(pages, "1.3", "3b")
    found = {breach.rule: breach for breach in check_capture(find_profile("tt02-2019"), facts)}
    assert set(found) == {"colour", "pdf_version", "pdfa_flavours"}
    assert found["colour"].pages == (1, 3)
    assert all(breach.refuse and breach.code in REASONS for breach in found.values())
    told = {breach.rule: breach.refuse for breach in check_capture(find_profile("nd30-2020"), facts)}
    assert told == {"colour": False, "pdf_version": True, "pdfa_flavours": True}
    assert "colour" not in {b.rule for b in check_capture(find_profile("cv7197-2025"), facts)}, "only where needed"


def test_a_copy_that_must_not_be_signed_is_refused_with_its_reason() -> None:
    low = CopyFacts((PageCapture(1, 72),))
    with pytest.raises(CopyRefusedError, match="72 dpi") as caught:
        refuse_breaches("HS-1", find_profile("tt02-2019"), low)
    assert caught.value.code == "low_dpi"
    (told,) = refuse_breaches("HS-1", find_profile("nd30-2020"), low)
    assert not told.refuse
