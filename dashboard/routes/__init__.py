"""One module for each topic, each with its ``router``; ``ROUTERS`` is what the application is made of."""

from __future__ import annotations

from dashboard.routes import (
    accesses,
    api,
    batches,
    documents,
    feed,
    inventory,
    oidc,
    progress,
    records,
    review,
    search,
    session,
    watch,
)

ROUTERS = (
    session.router,
    oidc.router,
    progress.router,
    watch.router,
    inventory.router,
    batches.router,
    documents.router,
    records.router,
    search.router,
    review.router,
    accesses.router,
    api.router,
    feed.router,
)
