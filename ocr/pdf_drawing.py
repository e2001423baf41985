"""What a PDF page draws: exactly one picture, or more than that.

A scanner's PDF page is one image and perhaps invisible text over it; then the image's own bytes are the page.
Anything else on it (a stamp laid over, vector text, a second image) must be drawn by poppler, or it would be lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_MAX_CONTENT = 500_000
_MAX_DEPTH = 4
_MAX_STEPS = 100_000
"""Operations of one page, forms within forms counted as often as they are drawn: a scanner writes a dozen."""
_PAINT = frozenset((b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"))
_SHOW = frozenset((b"Tj", b"TJ", b"'", b'"'))
_INVISIBLE_TEXT = 3
_ANNOTATION_HIDDEN = 0b100010  # Hidden or NoView
_NO_APPEARANCE = frozenset(("/Popup", "/Link"))


@dataclass
class Drawing:
    """What one page draws.

    Attributes:
        images: Image XObjects in order, each with the matrix that places its unit square on the page.
        marks: Something else that can be seen, or that this module does not understand.
        text: Some text is shown, visible or not.
        steps: Operations read so far.
    """

    images: list[tuple[Any, Matrix]] = field(default_factory=list)
    marks: bool = False
    text: bool = False
    steps: int = 0


@dataclass
class _State:
    matrix: Matrix = _IDENTITY
    text_mode: int = 0
    black: bool = True
    white: bool = False

    def copy(self) -> _State:
        return _State(self.matrix, self.text_mode, self.black, self.white)


def inspect_page(page: PageObject, reader: PdfReader) -> Drawing:
    """Reads the page's content far enough to know what it draws. Broken content counts as ``marks``."""
    drawing = Drawing()
    try:
        box = tuple(float(v) for v in page.cropbox)
        contents = page.get_contents()
        resources = page.get("/Resources")
        resources = resources.get_object() if resources is not None else {}
        if contents is not None:
            data = contents.get_data()
            if len(data) > _MAX_CONTENT:
                drawing.marks = drawing.text = True
                return drawing
            _walk(contents, resources, reader, _State(), drawing, box, 0)
        drawing.marks = drawing.marks or _visible_annotations(page)
    except (Exception, RecursionError):  # pypdf promises no class for broken content; poppler is more forgiving
        drawing.marks = drawing.text = True
    return drawing


def _walk(
    content: Any,
    resources: Any,
    reader: PdfReader,
    state: _State,
    drawing: Drawing,
    box: tuple[float, ...],
    depth: int,
) -> None:
    from pypdf.generic import ContentStream

    operations = (
        content.operations if isinstance(content, ContentStream) else ContentStream(content, reader).operations
    )
    stack: list[_State] = []
    path: list[tuple[float, float, float, float]] = []
    odd_path = False
    drawing.steps += len(operations)
    if drawing.steps > _MAX_STEPS:
        raise ValueError("more operations than anybody draws a scan with")
    for operands, operator in operations:
        if operator == b"q":
            stack.append(state.copy())
        elif operator == b"Q":
            state = stack.pop() if stack else state
        elif operator == b"cm":
            state.matrix = multiply(_numbers(operands), state.matrix)
        elif operator == b"Tr":
            state.text_mode = int(operands[0])
        elif operator in _SHOW:
            drawing.text = True
            drawing.marks = drawing.marks or state.text_mode != _INVISIBLE_TEXT
        elif operator in (b"g", b"rg", b"k"):
            _set_fill(state, operator, [float(v) for v in operands])
        elif operator in (b"cs", b"sc", b"scn"):
            state.black = state.white = False
        elif operator == b"re":
            path.append(_rectangle([float(v) for v in operands], state.matrix))
        elif operator in (b"m", b"l", b"c", b"v", b"y"):
            odd_path = True
        elif operator in (b"W", b"W*"):
            drawing.marks = drawing.marks or odd_path or not _covers(path, box)
        elif operator in _PAINT:
            # White paper painted under the image is not seen; over it, it would hide something.
            hidden = state.white and not drawing.images and operator in (b"f", b"F", b"f*")
            drawing.marks = drawing.marks or not hidden
            path, odd_path = [], False
        elif operator == b"n":
            path, odd_path = [], False
        elif operator in (b"sh", b"INLINE IMAGE"):
            drawing.marks = True
        elif operator == b"gs":
            drawing.marks = drawing.marks or _blends(resources, operands[0])
        elif operator == b"BDC":
            drawing.marks = drawing.marks or operands[0] == "/OC"
        elif operator == b"Do":
            _draw(operands[0], resources, reader, state, drawing, box, depth)


def _draw(
    name: Any,
    resources: Any,
    reader: PdfReader,
    state: _State,
    drawing: Drawing,
    box: tuple[float, ...],
    depth: int,
) -> None:
    target = resources["/XObject"].get_object()[name].get_object()
    kind = target.get("/Subtype")
    if "/OC" in target:
        drawing.marks = True
    if kind == "/Image":
        if target.get("/ImageMask") and not state.black:
            drawing.marks = True
        drawing.images.append((target, state.matrix))
        return
    if kind != "/Form" or depth >= _MAX_DEPTH or len(target.get_data()) > _MAX_CONTENT:
        drawing.marks = drawing.text = True
        return
    inner = state.copy()
    if "/Matrix" in target:
        inner.matrix = multiply(_numbers(target["/Matrix"]), inner.matrix)
    drawing.steps += len(target.get_data()) // 10
    own = target.get("/Resources")
    _walk(target, own.get_object() if own is not None else resources, reader, inner, drawing, box, depth + 1)


def _set_fill(state: _State, operator: bytes, values: list[float]) -> None:
    if operator == b"k":
        state.black, state.white = len(values) == 4 and values[3] >= 0.99, not any(values)
    else:
        state.black, state.white = not any(values), all(v >= 0.99 for v in values)


def _blends(resources: Any, name: Any) -> bool:
    """Whether a graphics state makes what follows transparent."""
    settings = resources["/ExtGState"].get_object()[name].get_object()
    mask = settings.get("/SMask")
    return (
        float(settings.get("/ca", 1)) < 1
        or settings.get("/BM", "/Normal") not in ("/Normal", "/Compatible")
        or (mask is not None and mask.get_object() != "/None")
    )


def _visible_annotations(page: PageObject) -> bool:
    annotations = page.get("/Annots")
    for entry in (annotations.get_object() if annotations is not None else None) or []:
        annotation = entry.get_object()
        if int(annotation.get("/F", 0)) & _ANNOTATION_HIDDEN or annotation.get("/Subtype") in _NO_APPEARANCE:
            continue
        left, bottom, right, top = (float(v) for v in annotation.get("/Rect", (0, 0, 0, 0)))
        if "/AP" in annotation and abs(right - left) > 1 and abs(top - bottom) > 1:
            return True
    return False


def multiply(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies ``first``, then ``then`` (PDF's row vectors)."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _numbers(operands: Any) -> Matrix:
    a, b, c, d, e, f = (float(v) for v in operands)
    return (a, b, c, d, e, f)


def _rectangle(values: list[float], matrix: Matrix) -> tuple[float, float, float, float]:
    x, y, width, height = values
    a, b, c, d, e, f = matrix
    corners = [(a * u + c * v + e, b * u + d * v + f) for u in (x, x + width) for v in (y, y + height)]
    xs, ys = [p[0] for p in corners], [p[1] for p in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _covers(path: list[tuple[float, float, float, float]], box: tuple[float, ...]) -> bool:
    slack_x, slack_y = 0.02 * abs(box[2] - box[0]), 0.02 * abs(box[3] - box[1])
    return len(path) == 1 and (
        path[0][0] <= box[0] + slack_x
        and path[0][1] <= box[1] + slack_y
        and path[0][2] >= box[2] - slack_x
        and path[0][3] >= box[3] - slack_y
    )
