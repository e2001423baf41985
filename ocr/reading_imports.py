"""What every reader process needs, made once by the process that readers are forked from.

Imported there for what it does: the slow libraries are loaded, and so are the model and the figures of the usual
reader. What is forked shares them and is ready at once.
"""

from __future__ import annotations

import contextlib
import gc
from threading import Thread

from ocr.engine import engine_of_process
from ocr.errors import OcrError
from ocr.options import RecognizeOptions


def _load_engine() -> None:
    # Where something is missing, the reader that needs it says what.
    with contextlib.suppress(OcrError):
        usual = RecognizeOptions()
        engine_of_process(usual.engine, usual.language)


# The model takes a tenth of a second, during which Python goes on importing. Over before anything is forked.
loading = Thread(target=_load_engine)
loading.start()

from ocr.threads import use_one_thread  # noqa: E402

use_one_thread()

import numpy.ma  # noqa: E402, F401  (numpy's median asks for it)
import pypdf.filters  # noqa: E402, F401
from PIL import Image  # noqa: E402

import ocr.recognize  # noqa: E402
import ocr.scan  # noqa: E402
import ocr.visible  # noqa: E402, F401
from ocr.neighbours import load_neighbours  # noqa: E402

Image.preinit()
load_neighbours()
loading.join()

# What is there now is there for good: no collection in a reader goes through it, or copies the pages it shares.
gc.freeze()
