"""Who may do what. Which units somebody sees is another question: see ``warehouse.scope``."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    STAFF = "staff"
    """Officer of the archive or the one-stop shop: looks records up and reviews them."""
    WARD_LEAD = "ward_lead"
    CITY_LEAD = "city_lead"
    """Lead of a district or of the city."""
    ENGINEER = "engineer"
    """Keeps the road running; sees every batch and no citizen's data."""
    AUDITOR = "auditor"
    """Reads everything within the scope, who read what among it, and changes nothing."""


class Permission(StrEnum):
    PROGRESS = "progress"
    """Figures of units, targets, alerts, inventory, reconciliation."""
    BATCHES = "batches"
    """Batches and documents by their ids, with the reasons they stopped for."""
    RECORDS = "records"
    """What stands on the papers: search, records, signed files. Personal data."""
    REVIEW = "review"
    """The review queue and what was read. Personal data."""
    DECIDE = "decide"
    """Accept and correct what waits for review."""
    ACCESS_LOG = "access_log"
    """Who read which record, when and why."""


_FIGURES = frozenset({Permission.PROGRESS, Permission.BATCHES})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.STAFF: _FIGURES | {Permission.RECORDS, Permission.REVIEW, Permission.DECIDE},
    Role.WARD_LEAD: _FIGURES | {Permission.RECORDS, Permission.REVIEW, Permission.DECIDE},
    Role.CITY_LEAD: _FIGURES | {Permission.RECORDS, Permission.REVIEW, Permission.DECIDE, Permission.ACCESS_LOG},
    Role.ENGINEER: _FIGURES,
    Role.AUDITOR: _FIGURES | {Permission.RECORDS, Permission.REVIEW, Permission.ACCESS_LOG},
}
"""Least privilege: an engineer mends batches by their ids and never needs a citizen's name."""


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody in this role may do this."""
    return permission in PERMISSIONS[role]
