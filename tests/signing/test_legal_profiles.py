from __future__ import annotations

import datetime as dt
from importlib import resources

import pytest

from signing.errors import ProfileError
from signing.profiles import Corner, MarkPlace, SignerKind, find_profile, parse_profile, profiles
from signing.visible import SigningDetails, visible_lines

AT = dt.datetime(2026, 3, 2, 18, 5, 9, tzinfo=dt.UTC)


def test_the_five_profiles_of_the_legal_facts() -> None:
    assert set(profiles()) == {"nd30-2020", "tt01-2023", "tt02-2019", "cv7197-2025", "hotich-1437"}


@pytest.mark.parametrize(
    ("name", "signer", "corner", "seal", "dpi"),
    [
        ("nd30-2020", SignerKind.AGENCY, Corner.TOP_RIGHT, False, 200),
        ("tt01-2023", SignerKind.PERSON, Corner.TOP_LEFT, False, 200),
        ("tt02-2019", SignerKind.AGENCY, Corner.TOP_RIGHT, True, 200),
        ("cv7197-2025", SignerKind.AGENCY, Corner.TOP_RIGHT, False, 300),
        ("hotich-1437", SignerKind.NONE, Corner.NONE, False, 200),
    ],
)
def test_where_they_disagree(name: str, signer: SignerKind, corner: Corner, seal: bool, dpi: int) -> None:
    profile = find_profile(name)
    assert (profile.signer, profile.corner, profile.show_seal, profile.min_dpi) == (signer, corner, seal, dpi)
    assert profile.signed == (signer is not SignerKind.NONE)


def test_every_rule_names_its_source_and_doubt_is_marked() -> None:
    for profile in profiles().values():
        for rule in profile.rules:
            assert rule.source.strip(), (profile.name, rule.name)
            if "secondary source" in rule.source or "engineering default" in rule.source:
                assert not rule.confirmed, (profile.name, rule.name)
    assert {rule.name for rule in find_profile("nd30-2020").unconfirmed()} >= {"corner", "time_pattern"}


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
        shown = any("chuyển đổi" in line for line in visible_lines(profile, details, AT))
        assert shown == (profile.conversion_mark_place is MarkPlace.APPEARANCE)


def test_a_line_without_its_words_is_left_out() -> None:
    lines = visible_lines(find_profile("nd30-2020"), SigningDetails(agency="Ủy ban", copy_form=""), AT)
    assert lines == ("Ủy ban", "03-03-2026 01:05:09 +07:00")


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
        (TEXT.replace('corner = { value = "top_right"', 'corner = { value = "bottom"'), "corner"),
        (TEXT.replace("signer = ", "sgner = "), "signer"),
        (TEXT.replace('["{copy_form}", "{agency}", "{time}"]', '["{password}"]'), "password"),
        (TEXT.replace('name = "nd30-2020"', 'name = "other"'), "calls itself"),
        (TEXT.replace('value = 10, source = "NĐ', 'value = "ten", source = "NĐ'), "font_size"),
        (TEXT.replace(", confirmed = true }", " }", 1), "confirmed"),
    ],
)
def test_a_wrong_profile_file_is_refused_with_the_place(text: str, complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint):
        parse_profile("nd30-2020", text)
