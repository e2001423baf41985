"""QR codes (ISO/IEC 18004; TCVN 7322:2009): an address as rows of dark squares, drawn without an image."""

from __future__ import annotations

from dataclasses import dataclass, field

from signing.errors import SettingsError

_QUIET = 4
"""Squares of white around a code, as the standard asks for."""
_LONGEST = 200
"""Characters of an address: more would be a code too fine for a printed page."""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code.

    Attributes:
        rows: Its squares from top to bottom, true where dark.
        square: Points of one square; ``side`` those of the whole code with its quiet zone.
    """

    rows: tuple[tuple[bool, ...], ...] = field(repr=False)
    square: float = 1.0

    @property
    def side(self) -> float:
        return (len(self.rows) + 2 * _QUIET) * self.square

    def draw(self, left: float, low: float) -> bytes:
        """PDF operators that paint it on white, its lower left corner at the point given."""
        runs = [
            b"%g %g %g %g re"
            % (
                left + (_QUIET + start) * self.square,
                low + (_QUIET + len(self.rows) - 1 - number) * self.square,
                length * self.square,
                self.square,
            )
            for number, row in enumerate(self.rows)
            for start, length in _runs(row)
        ]
        paper = b"1 g %g %g %g %g re f 0 g" % (left, low, self.side, self.side)
        return b"q %s %s f Q" % (paper, b" ".join(runs))


def make_code(link: str) -> Code:
    """The QR code of an address.

    Raises:
        SettingsError: The address is too long to be read from paper.
    """
    import segno

    if len(link) > _LONGEST:
        raise SettingsError("record_url", f"the address has {len(link)} characters; shorten it below {_LONGEST}")
    made = segno.make_qr(link, error="m", boost_error=False)
    return Code(tuple(tuple(bool(square) for square in row) for row in made.matrix))


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Start and length of each dark run."""
    found: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((place, 1))
    return found
