"""PDF/A → signed PDF/A → verdict. Keys, timestamps and legal profiles; never opens a hostile scan."""

from __future__ import annotations

import logging

# pyHanko logs the names on certificates and whole tracebacks for each chain it cannot build; names of persons and
# agencies stay out of our logs, and the verdict carries what there is to say.
for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)
