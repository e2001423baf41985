"""The browser the dashboard is looked at with."""

from __future__ import annotations

import pytest
from service_tools import find_program


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of Chromium, for Playwright's ``executable_path``."""
    program = find_program("chromium", "chromium-browser", "google-chrome")
    if program is None:
        pytest.skip("Chromium is missing; run scripts/setup test")
    return program
