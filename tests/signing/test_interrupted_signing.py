"""A signing that stops anywhere goes on where it was: one signature, one timestamp, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from signing.errors import TsaUnavailableError
from signing.journal import Journal
from signing.keys import Signer
from signing.profiles import find_profile
from signing.settings import TimestampSettings, TrustSettings
from signing.sign import SigningDetails
from signing.stage import SignedDocument, SigningTask, sign_document
from signing.timestamps import LocalTsa, local_tsa, open_timestamper

Killed = KeyboardInterrupt
"""Stands for a kill: no code of ours catches it."""


class Notes(dict[str, bytes]):
    """A journal in memory that can fall dead before or after it kept something."""

    die: Callable[[str], bool] = staticmethod(lambda _moment: False)

    def __init__(self) -> None:
        super().__init__()
        self._one = threading.Lock()

    def recall(self, name: str) -> bytes | None:
        return self.get(name)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        with self._one:
            yield

    def keep(self, name: str, data: bytes) -> bytes:
        suffix = name.rpartition(".")[2]
        if self.die(f"before {suffix}"):
            raise Killed
        kept = self.setdefault(name, data)
        if self.die(f"after {suffix}"):
            raise Killed
        return kept


@pytest.fixture
def sign(pdfa: Path, agency: Signer, pki_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    def call(
        timestamper: Any,
        journal: Journal,
        name: str = "signed.pdf",
        profiles: tuple[str, ...] = ("nd30-2020",),
        occupied: tuple[tuple[float, float, float, float], ...] = (),
    ) -> SignedDocument:
        details = SigningDetails(agency="UBND", person="Ng. Văn A", converter="Ng. Văn A", occupied=occupied)
        tasks = tuple(SigningTask(find_profile(p), agency, details) for p in profiles)
        return sign_document(
            pdfa,
            tmp_path / name,
            tasks,
            timestamper=timestamper,
            trust=TrustSettings(test_ca=pki_folder),
            journal=journal,
        )

    return call


@pytest.mark.parametrize("moment", ["after draft", "after token"])
@pytest.mark.parametrize("profiles", [("nd30-2020",), ("tt01-2023", "cv7197-2025")])
def test_a_kill_costs_no_second_timestamp(
    moment: str, profiles: tuple[str, ...], sign: Callable[..., Any], tsa: LocalTsa
) -> None:
    journal, timestamper, before = Notes(), open_timestamper(tsa.settings()), tsa.answered
    for _ in profiles:  # a kill at this moment of each signature
        seen: list[str] = []
        journal.die = lambda now, seen=seen: now == moment and not seen.append(now)  # type: ignore[func-returns-value]
        with pytest.raises(Killed):
            sign(timestamper, journal, profiles=profiles)
    journal.die = lambda _now: False
    facts = sign(timestamper, journal, profiles=profiles).signatures
    assert tsa.answered == before + len(profiles)
    assert [(f.trusted, f.level) for f in facts] == [(True, "B-T")] * len(profiles)
    assert len({name for name in journal if name.endswith(".draft")}) == len(profiles)


def test_a_retry_after_the_second_timestamp_failed_keeps_the_first(sign: Callable[..., Any], tsa: LocalTsa) -> None:
    journal, before = Notes(), tsa.answered
    timestamper = open_timestamper(tsa.settings())

    class Once:
        async def async_timestamp(self, *arguments: Any) -> Any:
            if tsa.answered > before:
                raise TsaUnavailableError(tsa.url, 3, "silence")
            return await timestamper.async_timestamp(*arguments)

    with pytest.raises(TsaUnavailableError):
        sign(Once(), journal, profiles=("tt01-2023", "cv7197-2025"))
    assert len(sign(timestamper, journal, profiles=("tt01-2023", "cv7197-2025")).signatures) == 2
    assert tsa.answered == before + 2


@pytest.mark.parametrize("moment", ["after covered", "after draft"])
def test_what_a_signature_covers_is_told_after_a_kill_too(
    moment: str, sign: Callable[..., Any], tsa: LocalTsa
) -> None:
    journal, timestamper = Notes(), open_timestamper(tsa.settings())
    full = ((0.0, 0.0, 1.0, 1.0),)
    whole = sign(timestamper, Notes(), "whole.pdf", occupied=full)
    assert whole.covered > 100
    journal.die = lambda now: now == moment
    with pytest.raises(Killed):
        sign(timestamper, journal, occupied=full)
    journal.die = lambda _now: False
    assert sign(timestamper, journal, occupied=full).covered == pytest.approx(whole.covered, abs=0.1)
    assert sign(timestamper, Notes(), "free.pdf").notes == ()


def test_another_key_does_not_go_on_with_the_first_ones_signature(
    sign: Callable[..., Any], tsa: LocalTsa, person: Signer, pdfa: Path, pki_folder: Path, tmp_path: Path
) -> None:
    journal = Notes()
    sign(None, journal, "first.pdf")
    task = SigningTask(find_profile("nd30-2020"), person, SigningDetails(agency="UBND"))
    made = sign_document(
        pdfa,
        tmp_path / "second.pdf",
        (task,),
        timestamper=open_timestamper(tsa.settings()),
        trust=TrustSettings(test_ca=pki_folder),
        journal=journal,
    )
    assert [fact.signer for fact in made.signatures] == [person.subject]


def test_two_that_sign_the_same_document_at_once_end_in_one_file(
    sign: Callable[..., Any], tsa: LocalTsa, tmp_path: Path
) -> None:
    journal, timestamper, before = Notes(), open_timestamper(tsa.settings()), tsa.answered
    threads = [threading.Thread(target=sign, args=(timestamper, journal, f"{n}.pdf")) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "0.pdf").read_bytes() == (tmp_path / "1.pdf").read_bytes()
    assert tsa.answered == before + 1


def test_documents_wait_for_their_timestamps_side_by_side(sign: Callable[..., Any], pki_folder: Path) -> None:
    with local_tsa(pki_folder, slots=4) as slow:
        slow.answering.clear()
        timestamper = open_timestamper(TimestampSettings(slow.url))
        threads = [threading.Thread(target=sign, args=(timestamper, Notes(), f"{n}.pdf")) for n in range(3)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 60
        while slow.most_at_once < 3 and time.monotonic() < end:
            time.sleep(0.01)
        slow.answering.set()
        for thread in threads:
            thread.join()
        assert slow.answered == 3
        assert slow.most_at_once == 3
