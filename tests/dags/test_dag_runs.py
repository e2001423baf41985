from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from airflow_home import AirflowHome
from sample_road import settings_in

from pipeline.context import Context
from sample_scans import generate
from warehouse import schema as t
from warehouse.batches import list_batches
from warehouse.progress import totals

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.xdist_group("airflow")]


def environment(folder: Path) -> dict[str, str]:
    settings = settings_in(folder)
    return {
        "SOHOA_INTAKE_URL": settings.intake_url,
        "SOHOA_ARCHIVE_URL": settings.archive_url,
        "SOHOA_DATABASE_URL": settings.database_url,
        "SOHOA_TEST_PKI_FOLDER": str(settings.test_pki_folder),
        "SOHOA_WORKERS": "2",
        "SOHOA_CHUNK_SIZE": "2",
    }


def test_one_batch_through_real_airflow_and_again(tmp_path: Path, airflow_home: AirflowHome) -> None:
    summary = generate(tmp_path, seed=5, documents=3, dpi=150, faults=False)
    batch = summary.batches[0]
    delivered = len(list((tmp_path / "truth" / batch).glob("*.json")))
    run: tuple[str, dict[str, object]] = ("digitize_batch", {"batch": batch})
    codes, told = airflow_home.run_dags(run, run, cwd=tmp_path, **environment(tmp_path))
    assert codes == [0, 0], told[-3000:]
    context = Context(settings_in(tmp_path))
    assert totals(context.database).signed == delivered
    for document in (tmp_path / "archive" / batch).glob("[!.]*"):
        kinds = Counter(path.relative_to(document).parts[0] for path in document.rglob("*") if path.is_file())
        assert (kinds["pdfa"], kinds["signed_pdf"], kinds["record"]) == (1, 1, 1), "the second run redid something"
    with context.database.connect() as connection:
        work = connection.execute(sa.select(t.stage_run.c.document_key, t.stage_run.c.stage)).all()
    assert len(work) == len(set(work)) > 0, "a stage was done twice"
    (shown,) = list_batches(context.database)
    assert shown.airflow_run, "the page of the batch leads to its run"
    assert shown.airflow_run in told
    context.database.dispose()


def test_a_wrong_setting_fails_at_once_and_says_which(tmp_path: Path, airflow_home: AirflowHome) -> None:
    summary = generate(tmp_path, seed=5, documents=1, dpi=150, faults=False)
    conf = json.dumps({"batch": summary.batches[0]})
    wrong = {**environment(tmp_path), "SOHOA_LEGAL_PROFILE": "nd99"}
    done = airflow_home.call("dags", "test", "digitize_batch", "-c", conf, cwd=tmp_path, **wrong)
    told = done.stdout + done.stderr
    assert "configuration_invalid" in told
    assert "nd30-2020" in told
    assert "up_for_retry" not in told
    assert done.returncode != 0


def test_a_drop_that_is_not_accepted_makes_the_run_red_and_is_named(
    tmp_path: Path, airflow_home: AirflowHome
) -> None:
    batch = tmp_path / "intake" / "00256" / "Lô tháng 3"
    batch.mkdir(parents=True)
    (batch / "manifest.csv").write_text("nothing,of,use\n1,2,3\n", encoding="utf-8")
    (batch / "_READY").touch()
    conf = json.dumps({"batch": "00256/Lô tháng 3"})
    done = airflow_home.call("dags", "test", "digitize_batch", "-c", conf, cwd=tmp_path, **environment(tmp_path))
    told = done.stdout + done.stderr
    assert done.returncode != 0, told[-3000:]
    assert "not accepted: 00256/Lô tháng 3" in told
    assert "column_missing" in told
    assert "up_for_retry" not in told


def test_an_empty_intake_is_no_failure_and_says_what_makes_a_batch_ready(
    tmp_path: Path, airflow_home: AirflowHome
) -> None:
    done = airflow_home.call("dags", "test", "digitize_batch", cwd=tmp_path, **environment(tmp_path))
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "no batch is ready" in done.stdout + done.stderr


def test_a_stage_is_ordered_anew_through_the_parameters(tmp_path: Path, airflow_home: AirflowHome) -> None:
    summary = generate(tmp_path, seed=5, documents=1, dpi=150, faults=False)
    settings = {**environment(tmp_path), "SOHOA_OCR_ENGINE": "null", "SOHOA_LEGAL_PROFILE": "hotich-1437"}
    runs: list[tuple[str, dict[str, object]]] = [
        ("digitize_batch", {"batch": summary.batches[0], **conf})
        for conf in ({}, {"from_stage": "assemble", "force": True})
    ]
    codes, told = airflow_home.run_dags(*runs, cwd=tmp_path, **settings)
    assert codes == [0, 0], told[-3000:]
    assert len(list((tmp_path / "archive" / summary.batches[0]).glob("*/pdfa/*.pdf"))) == 2


def test_a_run_is_named_in_the_letters_airflow_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    from pipeline import orchestration

    for name in ("Lô tháng 3", "Lô tháng 4", "x" * 250):
        (tmp_path / "intake" / "00256" / name).mkdir(parents=True)
        (tmp_path / "intake" / "00256" / name / "_READY").touch()
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    orchestration.runner.cache_clear()
    names = [found["trigger_run_id"] for found in orchestration.new_batches()]
    orchestration.runner.cache_clear()
    assert len(set(names)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_.~:+-]{1,250}", name) for name in names), names
