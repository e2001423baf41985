"""How a document travels: stages, runner, ledger, stores, errors, settings, CLI. Read ``stages.py`` first."""

from __future__ import annotations
