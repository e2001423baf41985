"""Real services for the tests; each lives in a module of ``tests/services`` (on pytest's ``pythonpath``)."""

from __future__ import annotations

pytest_plugins = [
    "must_run",
    "postgres_service",
    "s3_service",
    "verapdf_service",
    "browser_service",
    "softhsm_service",
]
