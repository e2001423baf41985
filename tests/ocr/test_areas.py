"""Connected areas are the same in 16 bits as in 32, and counted in 32 where 16 could run over."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.areas import _begins, connected_areas


def print_of(share: float, size: tuple[int, int]) -> np.ndarray:
    grain = np.random.default_rng(7).random(size).astype(np.float32)
    return (cv2.GaussianBlur(grain, (0, 0), 2) > share).astype(np.uint8) * 255


def checkered(size: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    mask[::2, ::2] = 1
    return mask


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize(
    "mask",
    [print_of(0.55, (2200, 1600)), print_of(0.5, (900, 700)), checkered((1200, 1200)), checkered((40, 40))],
    ids=["print", "dense", "more areas than 16 bits hold", "small"],
)
def test_same_areas_as_in_32_bits(mask: np.ndarray, connectivity: int) -> None:
    count, labels, stats, middles = connected_areas(mask, connectivity)
    true = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    assert count == true[0]
    assert (labels == true[1]).all()
    assert (stats == true[2]).all()
    assert np.allclose(middles, true[3])


def test_print_is_counted_in_16_bits() -> None:
    assert connected_areas(print_of(0.55, (2200, 1600)))[1].dtype == np.uint16
    assert connected_areas(checkered((1200, 1200)))[1].dtype == np.int32


@pytest.mark.parametrize("share", [0.5, 0.52, 0.55])
def test_there_are_never_more_numbers_than_beginnings(share: float) -> None:
    mask = print_of(share, (1000, 1000))
    assert _begins(mask, 8) >= cv2.connectedComponents(mask)[0] - 1
