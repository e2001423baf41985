"""Each stage bound to the stores: what is fetched for it, and what is kept of it. One module a step of the runner."""

from __future__ import annotations
