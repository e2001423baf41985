"""Which legal profile a batch follows, when somebody chose one for it.

The choice is the office's, not the drop's: it is made when a run is started (``sohoa run --profile``, the DAG's
parameter) and lies in the archive, so every later run of the batch follows it. Without one the settings decide.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from manifests.documents import BatchRef
from manifests.serial import from_json, to_json
from pipeline import archive
from pipeline.context import Context
from signing.profiles import find_profile


@dataclass(frozen=True, slots=True)
class ProfileOrder:
    """That a batch follows a legal profile from now on."""

    profile: str
    ordered_at: dt.datetime


def order_profile(context: Context, ref: BatchRef, profile: str) -> None:
    """Let the batch follow ``profile`` from now on; what another profile made before stays in the archive.

    Raises:
        ProfileError: There is no such profile.
    """
    find_profile(profile, context.settings.profiles_folder)
    if ordered_profile(context, ref) != profile:
        now = dt.datetime.now(dt.UTC)
        key = f"{archive.profile_orders(ref)}{now:%Y%m%dT%H%M%S.%fZ}.json"
        context.archive.put_bytes(key, to_json(ProfileOrder(profile, now)))


def ordered_profile(context: Context, ref: BatchRef) -> str | None:
    """The profile somebody chose last for the batch; ``None`` when nobody did."""
    keys = [entry.key for entry in context.archive.list(archive.profile_orders(ref))]
    return from_json(ProfileOrder, context.archive.get_bytes(max(keys))).profile if keys else None
