"""Signing beside reading: many at once, never twice, later when the authority is away, over when a key is wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from issued_keys import issue
from pydantic import SecretStr
from softhsm_service import PIN, KeyOnToken, SoftHsm

from manifests.documents import BatchRef
from pipeline.errors import Disposition, disposition
from pipeline.outcomes import Ending
from pipeline.settings import Settings
from signing.errors import KeyUnavailableError, TokenAbsentError, TsaUnavailableError
from signing.settings import TrustSettings
from signing.throwaway_pki import ensure_pki
from signing.timestamps import LocalTsa, local_tsa
from signing.verify import verify_pdf
from warehouse.batches import batch_detail

DOCUMENTS = 6


@pytest.fixture
def signing(lab: Any) -> Any:
    # without veraPDF, whose start takes longer than all that is tested here
    return lab.with_settings(legal_profile="nd30-2020", retries=2, verapdf="no-verapdf")


@pytest.fixture
def ref(lab: Any) -> BatchRef:
    ref: BatchRef = lab.drop("2025-01", {f"HS-{n}": n for n in range(DOCUMENTS)})
    return ref


def signed(lab: Any, ref: BatchRef) -> list[Path]:
    return sorted((lab.folder / "archive" / ref.key).glob("*/signed_pdf/*.pdf"))


def answer_when(tsa: LocalTsa, waiting: int) -> None:
    """Let the authority answer once so many stand before it, and had the time to become more."""
    end = time.monotonic() + 60
    while tsa.most_at_once < waiting and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.2)
    tsa.answering.set()


def test_one_timestamp_a_document_and_as_many_at_once_as_there_are_slots(signing: Any, ref: BatchRef) -> None:
    with local_tsa(signing.settings.test_pki_folder, slots=8) as tsa:
        tsa.answering.clear()
        opened = threading.Thread(target=answer_when, args=(tsa, 3))
        opened.start()
        report = signing.with_settings(tsa_url=tsa.url, tsa_slots=3, chunk_size=2).run(ref)
        opened.join()
    assert report.worked == DOCUMENTS
    assert len(signed(signing, ref)) == DOCUMENTS
    assert tsa.answered == DOCUMENTS
    assert tsa.most_at_once == 3


def test_signing_begins_before_the_last_scan_is_read(signing: Any, ref: BatchRef) -> None:
    seen: list[tuple[str, str]] = []
    with local_tsa(signing.settings.test_pki_folder) as tsa:
        slow = signing.with_settings(tsa_url=tsa.url, chunk_size=1)
        runner = slow.runner()
        first = threading.Event()

        def watch(outcome: Any) -> None:
            seen.append((outcome.stage, outcome.document_key))
            if outcome.stage == "sign":
                first.set()
            elif len(seen) == 2:  # hold the reading until something is signed
                assert first.wait(60)

        runner.on_outcome = watch
        runner.run_batch(ref)
    stages = [stage for stage, _ in seen]
    assert stages.index("sign") < max(n for n, stage in enumerate(stages) if stage == "assemble")


def test_what_the_authority_refused_while_it_was_away_is_signed_at_the_end(signing: Any, ref: BatchRef) -> None:
    with local_tsa(signing.settings.test_pki_folder) as tsa:
        lab = signing.with_settings(tsa_url=tsa.url, tsa_tries=1, tsa_rest=0.0, tsa_failures=50)
        tsa.down = 3
        report = lab.run(ref)
    assert report.worked == DOCUMENTS
    assert not report.quarantined
    assert len(signed(lab, ref)) == DOCUMENTS


def test_an_authority_that_stays_away_stops_the_run_and_leaves_everything_to_go_on_with(
    signing: Any, ref: BatchRef
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
    away = signing.with_settings(tsa_url=dead, tsa_tries=1, tsa_failures=2, tsa_rest=600.0)
    with pytest.raises(TsaUnavailableError) as caught:
        away.run(ref)
    assert disposition(caught.value) is Disposition.RETRY
    assert not signed(away, ref), "nothing half-signed is stored"
    assert len(list((away.folder / "archive" / ref.key).glob("*/pdfa/*.pdf"))) == DOCUMENTS, "the reading went on"
    with local_tsa(signing.settings.test_pki_folder) as tsa:
        assert signing.with_settings(tsa_url=tsa.url).run(ref).worked == DOCUMENTS
        assert tsa.answered == DOCUMENTS


def test_a_key_that_goes_wrong_in_the_middle_stops_at_once(signing: Any, ref: BatchRef) -> None:
    pki = ensure_pki(signing.settings.test_pki_folder)
    wrong = signing.with_settings(
        signer_pkcs12=pki.pkcs12("agency"), signer_passphrase=SecretStr("không đúng"), trust_roots=(pki.root,)
    )
    with pytest.raises(KeyUnavailableError):
        wrong.run(ref)
    assert not signed(wrong, ref)
    assert not list((wrong.folder / "archive").rglob("pdfa/*.pdf")), "not even read: the key is tried first"


@pytest.mark.token
def test_a_token_pulled_out_in_mid_batch_halts_it_and_costs_nothing_when_it_is_back(
    signing: Any, ref: BatchRef, softhsm: SoftHsm
) -> None:
    pki = ensure_pki(signing.settings.test_pki_folder)
    made = issue(pki, "Cơ quan trên thiết bị", "p256")
    softhsm.make_token("lo", KeyOnToken("k", b"1", made.key_der, (made.certificate_der, made.issuer_der)))
    away = softhsm.folder.with_name("away")
    with local_tsa(signing.settings.test_pki_folder, latency=0.2) as tsa:
        lab = signing.with_settings(
            signer_module=softhsm.module,
            signer_token="lo",
            signer_passphrase=SecretStr(PIN),
            trust_roots=(pki.root,),
            tsa_url=tsa.url,
            tsa_slots=1,  # two threads: most documents still wait for the key
            chunk_size=1,
            retries=1,
        )
        runner = lab.runner()

        def pull_out(outcome: Any) -> None:
            if outcome.stage == "sign" and softhsm.folder.exists():
                softhsm.folder.rename(away)

        runner.on_outcome = pull_out
        try:
            with pytest.raises(TokenAbsentError) as caught:
                runner.run_batch(ref)
        finally:
            away.rename(softhsm.folder)
        assert disposition(caught.value) is Disposition.RETRY, "Airflow tries the task again"
        detail = batch_detail(lab.context.database, ref.key)
        assert detail is not None
        assert detail.summary.status == "halted"
        assert "token_absent" in (detail.summary.message or "")
        assert PIN not in str(caught.value) + str(detail)
        whole = signed(lab, ref)
        assert 1 <= len(whole) < DOCUMENTS
        trust = TrustSettings(roots=(pki.root,))
        assert all(fact.trusted for path in whole for fact in verify_pdf(path, trust=trust)), "nothing half-signed"
        lab.run(ref)
        assert len(signed(lab, ref)) == DOCUMENTS
        assert tsa.answered == DOCUMENTS


def test_only_the_very_file_that_was_assembled_is_signed(signing: Any, ref: BatchRef) -> None:
    runner = signing.runner()
    receipt, _ = runner.receive(ref)
    jobs = runner.jobs(receipt)
    runner.digitize(jobs)
    victim = next((signing.folder / "archive" / ref.key).glob("*/pdfa/*.pdf"))
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes() + b"\n% something was put here\n")
    endings = {o.document_key: o for o in runner.sign(jobs)}
    changed = endings[str(victim.parents[1].relative_to(signing.folder / "archive"))]
    assert changed.status is Ending.QUARANTINED
    assert [o.status for o in endings.values()].count(Ending.DONE) == DOCUMENTS - 1
    assert not list(victim.parents[1].glob("signed_pdf/*"))


KILLED = """
import os, signal, sys
from pathlib import Path
import pipeline.signing_queue as queue

def die(*_):  # the timestamp is in the file, the file is not in the archive
    os.kill(os.getpid(), signal.SIGKILL)

queue.keep = die
from pipeline.cli import main
sys.argv = ["sohoa", "run"]
main()
"""


def run_killed(settings: Settings, tsa: LocalTsa, folder: Path) -> int:
    environment = {
        **os.environ,
        "SOHOA_INTAKE_URL": settings.intake_url,
        "SOHOA_ARCHIVE_URL": settings.archive_url,
        "SOHOA_DATABASE_URL": settings.database_url,
        "SOHOA_TEST_PKI_FOLDER": str(settings.test_pki_folder),
        "SOHOA_WORK_FOLDER": str(settings.work_folder),
        "SOHOA_OCR_ENGINE": "null",
        "SOHOA_LEGAL_PROFILE": "nd30-2020",
        "SOHOA_TSA_URL": tsa.url,
        "SOHOA_CHUNK_SIZE": "2",
        "SOHOA_TSA_SLOTS": "1",
        "SOHOA_VERAPDF": "no-verapdf",
        "SOHOA_WORKERS": "1",
    }
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, cwd=folder, check=False, timeout=300)
    return done.returncode


def test_a_kill_between_timestamp_and_store_costs_no_second_timestamp(
    signing: Any, ref: BatchRef, tmp_path: Path
) -> None:
    with local_tsa(signing.settings.test_pki_folder) as tsa:
        assert run_killed(signing.settings, tsa, tmp_path) == -signal.SIGKILL
        time.sleep(0.5)  # one request may have been on its way
        stamped = tsa.answered
        assert stamped >= 2
        assert not signed(signing, ref)
        kept = len(list((signing.folder / "archive" / ref.key).glob("*/signing/*/*.token")))
        assert kept == stamped or kept == stamped - 1
        report = signing.with_settings(tsa_url=tsa.url).run(ref)
        assert report.worked == DOCUMENTS
        assert tsa.answered - stamped == DOCUMENTS - kept
    assert len(signed(signing, ref)) == DOCUMENTS


def test_threads_of_two_runs_of_one_batch_end_in_one_signed_file_each(signing: Any, ref: BatchRef) -> None:
    with local_tsa(signing.settings.test_pki_folder, latency=0.3) as tsa:
        labs = [signing.with_settings(tsa_url=tsa.url) for _ in range(2)]
        threads = [threading.Thread(target=lab.run, args=(ref,)) for lab in labs]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        assert tsa.answered == DOCUMENTS, "who came second took the first one's timestamp"
    assert len(signed(signing, ref)) == DOCUMENTS
