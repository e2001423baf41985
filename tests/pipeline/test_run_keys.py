from __future__ import annotations

from dataclasses import replace

import pytest

from manifests.documents import Artefact, ArtefactKind, BatchRef, DocumentEntry
from pipeline.errors import ConfigurationError
from pipeline.plan import plan
from pipeline.results import ReceivedDocument
from pipeline.run_keys import root_key
from pipeline.settings import Settings, read_settings
from signing.errors import ProfileError


def received(digest: str = "a" * 64, **changes: object) -> ReceivedDocument:
    entry = DocumentEntry("HS-1", ("a.pdf",), (digest,), 2, "birth", "00256", 1998, {"person_name": "Trần Thị Mẫu"})
    original = Artefact(ArtefactKind.ORIGINAL, "k", digest, 10)
    return ReceivedDocument(BatchRef("00256", "B"), replace(entry, **changes), (original,), (), ())  # type: ignore[arg-type]


def changed(settings: Settings, document: ReceivedDocument, **reruns: int) -> set[str]:
    before = plan(Settings(), received()).keys
    after = plan(settings, document, reruns).keys
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("settings", "document", "redone"),
    [
        (Settings(), received(), set()),
        (Settings(page_timeout=5, workers=7, chunk_size=3), received(), set()),
        (Settings(max_pages=7, max_megapixels=1000), received(), set()),
        (Settings(review_threshold=0.9), received(), {"index"}),
        (Settings(agency="UBND khác"), received(), {"assemble", "sign"}),
        (Settings(language="eng"), received(), {"recognize", "assemble", "sign", "index"}),
        (Settings(), received(keyed={"person_name": "Trần Thị Mẫn"}), {"index"}),
        (
            Settings(),
            received("b" * 64),
            {"receive", "capture", "recognize", "assemble", "sign", "index"},
        ),
    ],
)
def test_a_change_redoes_exactly_the_stages_it_touches(
    settings: Settings, document: ReceivedDocument, redone: set[str]
) -> None:
    assert changed(settings, document) == redone


def test_an_ordered_rerun_redoes_its_stage_and_those_below() -> None:
    assert changed(Settings(), received(), sign=1) == {"sign"}
    assert changed(Settings(), received(), recognize=1) == {"recognize", "assemble", "sign", "index"}


def test_the_record_follows_both_what_was_signed_and_what_was_read() -> None:
    keys = {
        plan(settings, received()).record_key
        for settings in (Settings(), Settings(agency="X"), Settings(review_threshold=0.5))
    }
    assert len(keys) == 3


def test_the_order_of_pages_matters() -> None:
    assert root_key(["a", "b"]) != root_key(["b", "a"])


def test_wrong_settings_are_all_named_and_no_secret_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_WORKERS", "0")
    monkeypatch.setenv("SOHOA_REVIEW_THRESHOLD", "7")
    monkeypatch.setenv("SOHOA_SIGNER_PASSPHRASE", "bi-mat-123")
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    assert "SOHOA_WORKERS" in str(caught.value)
    assert "SOHOA_REVIEW_THRESHOLD" in str(caught.value)
    assert "bi-mat-123" not in str(caught.value)


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ProfileError, match="nd30-2020"):
        plan(Settings(legal_profile="nd99"), received())
