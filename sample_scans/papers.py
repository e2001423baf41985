"""The papers themselves: what stands where on each kind of result, age by age.

Rows and labels since 2016 follow the template files named in the project's legal facts, section 7.2. Permits follow
the heading of NĐ 30/2020 only: their printed labels were not read in any source.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from sample_scans.eras import Era
from sample_scans.facts import Facts
from sample_scans.forms import LEFT, MIDDLE, RIGHT, Cell, Form
from sample_scans.seals import BLACK_INK, RED, Seal, press_box
from sample_scans.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Paper:
    """A drawn document before time and the scanner touched it."""

    title: str
    sheets: tuple[Sheet, ...]


def draw_paper(
    record_type: str, era: Era, facts: Facts, rng: random.Random, dpi: int, *, fill: str, pages: int = 1
) -> Paper:
    """Draw one document; ``pages`` matters to decisions only (2 to 4)."""
    press = _Press(record_type, era, facts, rng, dpi, fill, [])
    title = _LAYOUTS[record_type](press, pages)
    return Paper(title, tuple(press.sheets))


@dataclass(slots=True)
class _Press:
    record_type: str
    era: Era
    facts: Facts
    rng: random.Random
    dpi: int
    fill: str
    sheets: list[Sheet]

    def page(self) -> Form:
        sheet = Sheet(self.dpi, self.rng)
        self.sheets.append(sheet)
        form = Form(sheet, self.era, self.record_type, self.facts, self.rng, self.fill)
        form.y += self.rng.uniform(-3, 4)
        return form

    def seal(self) -> Seal:
        name = self.facts["issuer"].text.rsplit("DÂN ", 1)[-1].removeprefix("ỦY BAN HÀNH CHÍNH ")
        return Seal(f"{self.era.authority} • TP HÀ NỘI •", name[:18], BLACK_INK if self.rng.random() < 0.2 else RED)

    @property
    def modern(self) -> bool:
        return self.era.code == "laser"

    @property
    def chairman(self) -> tuple[str, ...]:
        if self.era.code == "typed":
            return ("T.M. ỦY BAN HÀNH CHÍNH", "CHỦ TỊCH")
        deputy = ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
        return ("TM. ỦY BAN NHÂN DÂN", *self.rng.choice((("CHỦ TỊCH",), deputy)))


def _people(*prefixed: tuple[str, str]) -> tuple[Cell, ...]:
    """The row of sex or birth year, ethnicity, nationality that comes with each person."""
    return tuple(Cell(key, 1 / len(prefixed), label or None) for key, label in prefixed)


_PERSON = _people(("sex", ""), ("ethnicity", ""), ("nationality", ""))
_MOTHER = _people(("mother_birth_year", ""), ("_mother_ethnicity", "Dân tộc"), ("_mother_nationality", "Quốc tịch"))
_FATHER = _people(("father_birth_year", ""), ("_father_ethnicity", "Dân tộc"), ("_father_nationality", "Quốc tịch"))


def _birth(press: _Press, pages: int) -> str:
    copy = press.modern and press.rng.random() < 0.35
    title = "TRÍCH LỤC KHAI SINH" if copy else "GIẤY KHAI SINH"
    form = press.page()
    form.heading()
    if not press.modern:
        form.row(Cell("book"))
    form.title(title, "(BẢN SAO)" if copy else "")
    form.rows(
        (Cell("person_name"),),
        (Cell("birth_date"),),
        (Cell("birth_date_words"),),
        _PERSON,
        (Cell("birth_place"),),
        (Cell("hometown"),),
        (Cell("personal_id"),),
        (Cell("mother_name"),),
        _MOTHER,
        (Cell("mother_residence"),),
        (Cell("father_name"),),
        _FATHER,
        (Cell("father_residence"),),
        (Cell("declarant_name"),),
        (Cell("_declarant_document", label="Giấy tờ tùy thân"),),
        (Cell("registration_place", label="Đăng ký khai sinh tại" if copy else None),),
        (Cell("registration_date"),),
    )
    form.y += 4
    if copy:
        press_box(form.sheet, "BẢN SAO", 46, form.y + 14, press.rng)
    modern = ("NGƯỜI KÝ TRÍCH LỤC",) if copy else ("NGƯỜI KÝ GIẤY KHAI SINH",)
    form.signature(modern if press.modern else press.chairman, seal=press.seal())
    return title


def _marriage(press: _Press, pages: int) -> str:
    form = press.page()
    form.heading()
    if not press.modern:
        form.row(Cell("book"))
    form.title("GIẤY CHỨNG NHẬN KẾT HÔN")
    form.rows(
        (Cell("wife_name", 0.5), Cell("husband_name", 0.5)),
        (Cell("wife_birth_date", 0.5), Cell("husband_birth_date", 0.5)),
        (Cell("_wife_ethnicity", 0.5, "Dân tộc"), Cell("_husband_ethnicity", 0.5, "Dân tộc")),
        (Cell("_wife_nationality", 0.5, "Quốc tịch"), Cell("_husband_nationality", 0.5, "Quốc tịch")),
        (Cell("wife_residence", 0.5), Cell("husband_residence", 0.5)),
        (Cell("wife_document", 0.5), Cell("husband_document", 0.5)),
    )
    form.y += 3
    form.rows((Cell("registration_place"),), (Cell("registration_date"),))
    form.y += 4
    form.signature(("NGƯỜI KÝ GIẤY CHỨNG NHẬN KẾT HÔN",) if press.modern else press.chairman, seal=press.seal())
    return "GIẤY CHỨNG NHẬN KẾT HÔN"


def _death(press: _Press, pages: int) -> str:
    title = "TRÍCH LỤC KHAI TỬ" if press.modern else "GIẤY CHỨNG TỬ"
    form = press.page()
    form.heading()
    if not press.modern:
        form.row(Cell("book"))
    form.title(title)
    form.rows((Cell("person_name"),), (Cell("birth_date"),), _PERSON, (Cell("personal_id"),))
    if press.modern:
        form.rows((Cell("_hour", 0.55, "Đã chết vào lúc"), Cell("death_date", 0.45, "")))
    else:
        form.rows((Cell("death_date"),))
    form.rows(
        (Cell("death_date_words"),),
        (Cell("death_place"),),
        (Cell("death_cause"),),
        (Cell("declarant_name"),),
        (Cell("registration_place"),),
        (Cell("registration_date"),),
    )
    form.y += 5
    form.signature(("NGƯỜI KÝ TRÍCH LỤC",) if press.modern else press.chairman, seal=press.seal())
    return title


def _marital_status(press: _Press, pages: int) -> str:
    title = "GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN"
    form = press.page()
    form.heading(dated=True)
    form.title(title)
    form.paragraph(f"Xét đề nghị của ông/bà: {press.facts['_asked_by'].text}")
    form.center("XÁC NHẬN:", 13, bold=True, gap=8)
    form.rows(
        (Cell("person_name"),),
        (Cell("birth_date"),),
        _PERSON,
        (Cell("person_document"),),
        (Cell("residence"),),
        (Cell("_stay", label="Trong thời gian cư trú tại"),),
        (Cell("marital_status"),),
    )
    form.paragraph("Giấy này có giá trị sử dụng trong thời hạn 6 tháng, kể từ ngày cấp.", indent=0)
    form.y += 4
    form.signature(("NGƯỜI KÝ GIẤY XÁC NHẬN",) if press.modern else press.chairman, seal=press.seal())
    return title


def _register(title: str, *blocks: tuple[Cell, ...]) -> Callable[[_Press, int], str]:
    def draw(press: _Press, pages: int) -> str:
        form = press.page()
        sheet = form.sheet
        sheet.new_block()
        sheet.write(title, LEFT, 18, form.printed.sized(10.5))
        sheet.new_line()
        sheet.write(f"Trang {press.rng.randint(1, 190)}", RIGHT - 22, 18, form.printed.sized(10.5))
        sheet.new_block()
        form.y = 31
        top = form.y - 7
        form.rows((Cell("number", 0.4), Cell("book", 0.6)), (Cell("registration_date"),))
        form.y += 2
        marks = [form.y - 6.2]
        for row in blocks:
            form.rows(row)
            form.y += 3.0
            marks.append(form.y - 6.4)
        _tick_boxes(form, press)
        marks.append(form.y - 4)
        form.paragraph("Ghi chú:", indent=0)
        form.y += 18
        bottom = form.y
        for y in (top, *marks, bottom):
            sheet.rule(LEFT - 4, y, RIGHT + 4, y, thick=0.3)
        sheet.rule(LEFT - 4, top, LEFT - 4, bottom, thick=0.3)
        sheet.rule(RIGHT + 4, top, RIGHT + 4, bottom, thick=0.3)
        return title

    return draw


def _tick_boxes(form: Form, press: _Press) -> None:
    form.sheet.new_line()
    x, chosen = LEFT, press.rng.randint(0, 2)
    form.y += 1.5
    for index, text in enumerate(("Đúng hạn", "Quá hạn", "Đăng ký lại")):
        form.sheet.box(x, form.y, 3.4, ticked=index == chosen)
        x = form.sheet.write(text, x + 5, form.y, form.printed) + 12
    form.y += 9


def _decision(press: _Press, pages: int) -> str:
    facts = press.facts
    form = press.page()
    form.heading(dated=True)
    form.center("QUYẾT ĐỊNH", 15, bold=True, gap=6.4)
    subject = f"Về việc {facts['subject'].text}"
    bold = form.printed.sized(12.5, bold=press.era.code != "typed")
    spans = {"subject": facts["subject"].text}
    for line in form.sheet.wrapped(subject, 40, 174, bold):
        form.sheet.new_line()
        width = form.sheet.text_width(line, bold)
        form._tagged(line, MIDDLE - width / 2, bold, spans)
        form.y += 6
    form.y += 4
    authority = facts["issuer"].text
    form.center(f"{'CHỦ TỊCH ' if press.era.code != 'typed' else ''}{authority}", 12.0, bold=True, gap=9)
    texts = _decision_text(press)
    if len(texts) and pages > 1:
        texts += _further_articles(press, pages)
    for text in texts:
        if text == "QUYẾT ĐỊNH:":
            form.center(text, 13, bold=True, gap=9)
            continue
        if form.y > 262:
            form = _next_page(press)
        form.paragraph(text, bold=False)
        while form.y > 276 and len(press.sheets) < 9:
            form = _next_page(press)
    while len(press.sheets) < pages:
        form = _next_page(press)
        _annex(form, press)
    if form.y > 215:
        form = _next_page(press)
    form.y += 6
    _recipients(form)
    form.signature(press.chairman, seal=press.seal())
    return "QUYẾT ĐỊNH"


def _next_page(press: _Press) -> Form:
    form = press.page()
    form.sheet.new_block()
    form.sheet.centered(str(len(press.sheets)), MIDDLE, 14, form.printed.sized(11))
    form.sheet.new_block()
    form.y = 26
    return form


def _decision_text(press: _Press) -> list[str]:
    unit = press.facts["registration_place"].text
    laws = {
        "typed": ["Căn cứ Luật tổ chức chính quyền địa phương năm 1958;"],
        "dotted": ["Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 30 tháng 6 năm 1989;"],
        "form": ["Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 26 tháng 11 năm 2003;"],
        "laser": ["Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;"],
    }[press.era.code]
    return [
        *laws,
        f"Xét đơn của {press.facts['_person'].text} và hồ sơ kèm theo;",
        "Theo đề nghị của công chức Tư pháp - Hộ tịch,",
        "QUYẾT ĐỊNH:",
        f"Điều 1. Nay {press.facts['subject'].text}.",
        f"Điều 2. Giao công chức chuyên môn thuộc {unit} hướng dẫn, theo dõi và ghi vào sổ theo quy định hiện hành.",
        f"Điều 3. Quyết định này có hiệu lực kể từ ngày ký. {unit}, các cá nhân liên quan chịu trách nhiệm thi hành.",
    ]


def _further_articles(press: _Press, pages: int) -> list[str]:
    street = press.facts["_street"].text
    tasks = (
        "Tổ trưởng tổ dân phố thông báo nội dung Quyết định này đến từng hộ gia đình và niêm yết tại nhà văn hóa.",
        f"Kinh phí thực hiện lấy từ ngân sách đã giao trong năm và đóng góp tự nguyện của nhân dân phố {street}.",
        "Kế toán ngân sách có trách nhiệm chi trả đúng đối tượng, lưu giữ chứng từ và quyết toán theo chế độ.",
        "Mọi khiếu nại về việc thực hiện Quyết định này gửi đến bộ phận tiếp nhận để giải quyết theo thẩm quyền.",
        "Hồ sơ của việc này được lập thành hai bộ, một bộ lưu tại bộ phận chuyên môn, một bộ nộp vào kho lưu trữ.",
        "Cán bộ được phân công báo cáo kết quả thực hiện trước ngày hai mươi lăm hàng tháng.",
    )
    wanted = 7 + 6 * (pages - 2)
    return [f"Điều {4 + index}. {tasks[index % len(tasks)]}" for index in range(wanted)]


def _annex(form: Form, press: _Press) -> None:
    from sample_scans import fictional

    form.center("DANH SÁCH", 13, bold=True)
    form.center("(kèm theo Quyết định)", 12, italic=True, gap=9)
    edges = (LEFT, LEFT + 14, LEFT + 84, LEFT + 112, RIGHT)
    rows = [("STT", "Họ và tên", "Năm sinh", "Địa chỉ")]
    for index in range(press.rng.randint(9, 16)):
        who = fictional.person(press.rng, born=fictional.day_in(press.rng, press.rng.randint(1925, 1960)))
        rows.append((str(index + 1), who.name, str(who.born.year), f"tổ {press.rng.randint(1, 40)}"))
    top = form.y - 5.5
    for row in rows:
        form.sheet.new_line()
        for edge, text in zip(edges, row, strict=False):
            form.sheet.write(text, edge + 2, form.y, form.printed)
        form.sheet.rule(LEFT, form.y - 5.5, RIGHT, form.y - 5.5)
        form.y += 8
    form.sheet.rule(LEFT, form.y - 5.5, RIGHT, form.y - 5.5)
    for edge in edges:
        form.sheet.rule(edge, top, edge, form.y - 5.5)
    form.y += 4


def _recipients(form: Form) -> None:
    sheet, small = form.sheet, form.printed.sized(10.5)
    sheet.new_block()
    for index, text in enumerate(("Nơi nhận:", "- Như Điều 3;", "- Lưu: VT, hồ sơ.")):
        sheet.new_line()
        sheet.write(text, LEFT, form.y + 5.2 * index, small.sized(10.5, bold=index == 0, italic=index == 0))


def _permit(press: _Press, pages: int) -> str:
    build = press.facts["_kind"].text == "build"
    title = "GIẤY PHÉP XÂY DỰNG" if build else "GIẤY CHỨNG NHẬN ĐĂNG KÝ HỘ KINH DOANH"
    form = press.page()
    form.heading(dated=True)
    form.title(title)
    owner = "Cấp cho" if build else "Họ và tên chủ hộ"
    common = (
        (Cell("_owner", label=owner),),
        (Cell("_document", label="Giấy tờ"),),
        (Cell("_address", label="Địa chỉ"),),
    )
    form.rows(*common)
    if build:
        form.rows((Cell("_area", 0.5, "Diện tích xây dựng"), Cell("_floors", 0.5, "Số tầng")))
        form.paragraph("Chủ đầu tư phải thực hiện đúng nội dung giấy phép và thông báo ngày khởi công bằng văn bản.")
    else:
        form.rows((Cell("_trade", label="Ngành, nghề kinh doanh"),), (Cell("_capital", label="Vốn kinh doanh"),))
        form.paragraph("Hộ kinh doanh chịu trách nhiệm về tính trung thực, chính xác của hồ sơ đăng ký.")
    form.y += 6
    form.signature(press.chairman, seal=press.seal())
    return title


_LAYOUTS: dict[str, Callable[[_Press, int], str]] = {
    "birth": _birth,
    "marriage": _marriage,
    "death": _death,
    "marital_status": _marital_status,
    "birth_register": _register(
        "SỔ ĐĂNG KÝ KHAI SINH",
        (Cell("person_name"),),
        (Cell("birth_date"),),
        (Cell("sex", 0.5), Cell("_mother_ethnicity", 0.5, "Dân tộc")),
        (Cell("mother_name"),),
        (Cell("father_name"),),
    ),
    "marriage_register": _register(
        "SỔ ĐĂNG KÝ KẾT HÔN",
        (Cell("wife_name"),),
        (Cell("_wife_ethnicity", 0.5, "Dân tộc"), Cell("_wife_nationality", 0.5, "Quốc tịch")),
        (Cell("husband_name"),),
        (Cell("_husband_ethnicity", 0.5, "Dân tộc"), Cell("_husband_nationality", 0.5, "Quốc tịch")),
    ),
    "death_register": _register("SỔ ĐĂNG KÝ KHAI TỬ", (Cell("person_name"),), (Cell("death_date"),)),
    "decision": _decision,
    "permit": _permit,
}
