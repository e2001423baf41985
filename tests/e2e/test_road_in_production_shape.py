from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_road import settings_in

from pipeline.context import Context
from pipeline.intake import ready_batches
from pipeline.runner import Runner
from sample_scans import generate
from warehouse.progress import totals

pytestmark = [pytest.mark.slow, pytest.mark.s3, pytest.mark.postgres]


def test_the_same_road_over_s3_and_postgresql(
    tmp_path: Path, s3_endpoint: Any, postgres_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path / "sample", seed=3, documents=4, dpi=150, faults=False)
    intake, kept = s3_endpoint.make_bucket(), s3_endpoint.make_bucket()
    for path in sorted((tmp_path / "sample" / "intake").rglob("*")):
        if path.is_file():
            key = str(path.relative_to(tmp_path / "sample" / "intake"))
            s3_endpoint.client.upload_file(str(path), intake, key)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_endpoint.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_endpoint.secret_key)
    where = f"?endpoint={s3_endpoint.endpoint}&region={s3_endpoint.region}"
    settings = settings_in(
        tmp_path,
        intake_url=f"s3://{intake}{where}",
        archive_url=f"s3://{kept}/archive{where}",
        database_url=postgres_server.make_database(),
    )
    context = Context(settings)
    refs = list(ready_batches(context.intake))
    assert refs
    first = [Runner(context).run_batch(ref) for ref in refs]
    assert sum(r.worked for r in first) == 4
    assert not any(r.quarantined for r in first)
    again = [Runner(context).run_batch(ref) for ref in refs]
    assert sum(r.worked for r in again) == 0
    assert totals(context.database).signed == 4
    context.database.dispose()
