"""The services the other tests stand on: each is real and fresh, and under CI none can be skipped unseen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import must_run
import pytest
from postgres_service import PostgresServer
from s3_service import S3Server
from verapdf_service import Judge

pytest_plugins = ["pytester"]


@pytest.mark.postgres
def test_postgres_databases_are_real_and_apart(postgres_server: PostgresServer, postgres_url: str) -> None:
    import sqlalchemy as sa

    first, second = sa.create_engine(postgres_url), sa.create_engine(postgres_server.make_database())
    with first.begin() as connection:
        connection.execute(sa.text("CREATE TABLE hồ_sơ (tên text)"))
        assert "PostgreSQL" in connection.execute(sa.text("SELECT version()")).scalar_one()
    assert sa.inspect(first).get_table_names() == ["hồ_sơ"]
    assert sa.inspect(second).get_table_names() == []
    first.dispose()
    second.dispose()


@pytest.mark.s3
def test_s3_server_refuses_a_second_conditional_put(s3_endpoint: S3Server) -> None:
    from botocore.exceptions import ClientError

    bucket = s3_endpoint.make_bucket()
    client = s3_endpoint.client
    client.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")


@pytest.mark.verapdf
def test_verapdf_tells_pdfa_from_pdf(verapdf: Judge, tmp_path: Path) -> None:
    import fpdf

    good, bad, broken = tmp_path / "tốt.pdf", tmp_path / "bad.pdf", tmp_path / "broken.pdf"
    pdfa = fpdf.FPDF(enforce_compliance="PDF/A-2U")
    pdfa.add_page()
    pdfa.output(str(good))
    plain = fpdf.FPDF()
    plain.add_page()
    plain.set_font("Helvetica")
    plain.cell(text="not archived")
    plain.output(str(bad))
    broken.write_bytes(b"%PDF-1.7 no more")
    verdicts = verapdf(good, bad, broken)
    assert verdicts[good] == (True, "")
    assert verdicts[bad][0] is False
    assert "6." in verdicts[bad][1]
    assert verdicts[broken][0] is False


@pytest.mark.browser
def test_browser_is_chromium(chromium_path: str) -> None:
    told = subprocess.run([chromium_path, "--version"], check=True, capture_output=True, text=True).stdout
    assert "Chrom" in told


SKIPPING = """
import pytest

@pytest.fixture
def service():
    pytest.skip("the service is missing")

@pytest.mark.s3
def test_service(service): ...

@pytest.mark.s3
@pytest.mark.xfail(reason="known")
def test_known(): assert False

def test_other(): pytest.skip("not of a service")
"""


@pytest.mark.parametrize(
    ("ci", "outcomes"),
    [
        ("true", {"errors": 1, "skipped": 1, "xfailed": 1}),
        ("", {"skipped": 2, "xfailed": 1}),
        ("false", {"skipped": 2, "xfailed": 1}),
    ],
)
def test_missing_service_fails_under_ci_only(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcomes: dict[str, int]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", str(Path(must_run.__file__).parent))
    pytester.makeini("[pytest]\nmarkers = s3: S3\n")
    pytester.makepyfile(SKIPPING)
    result = pytester.runpytest_subprocess("-p", "must_run")
    result.assert_outcomes(**outcomes)


def test_module_that_skips_itself_fails_under_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PYTHONPATH", str(Path(must_run.__file__).parent))
    pytester.makepyfile("import pytest\npytest.importorskip('no_such_library')\ndef test_it(): ...")
    result = pytester.runpytest_subprocess("-p", "must_run")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no module of tests may skip itself*"])
