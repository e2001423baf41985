"""Under CI a test of a real service must run: there, a skip is a failure.

On a person's machine a missing PostgreSQL, S3 server, veraPDF, Chromium or Airflow only skips its tests, with the
reason. With ``CI`` set the same skip would hide that nothing was proved.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

SERVICES = frozenset({"postgres", "s3", "verapdf", "browser", "airflow", "token"})


def _must_run() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    services = SERVICES.intersection(mark.name for mark in item.iter_markers())
    if report.skipped and services and _must_run() and not hasattr(report, "wasxfail"):
        report.longrepr = f"under CI this test must run ({', '.join(sorted(services))}): {_reason(report)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and _must_run():
        report.longrepr = f"under CI no module of tests may skip itself: {_reason(report)}"
        report.outcome = "failed"
    return report
