"""From the words of a page to the fields of a record: layout, labels, values, cross-checks.

Knows papers and their wording; knows neither images nor engines, neither the store nor the warehouse.
"""

from __future__ import annotations
