"""One module for each topic, each with its ``router``; ``ROUTERS`` is what the application is made of."""

from __future__ import annotations

from dashboard.routes import batches, documents, progress, review, session, watch

ROUTERS = (session.router, progress.router, watch.router, batches.router, documents.router, review.router)
