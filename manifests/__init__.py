"""What exists and what it is called: domain types, batch manifest, inventory, units, record types.

Every other room may import this one; it imports none of them and opens no scan, no bucket and no database.
"""

from __future__ import annotations
