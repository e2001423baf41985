"""A verdict on a signature in Vietnamese words, for people; the facts themselves are in ``SignatureFact``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from signing.chain import Chain, RevocationState
from signing.changes import EVIDENCE


def summarize(
    faults: Sequence[str], chain: Chain, changes: Sequence[str], *, trusted: bool, tested: bool, weak: str
) -> str:
    """Vietnamese, for people: the verdict and what stands behind it."""
    if faults:
        verdict = "Chữ ký không hợp lệ: " + ", ".join(faults)
    elif trusted and tested:
        verdict = "Chữ ký thử nghiệm, không có giá trị pháp lý"
    elif trusted:
        verdict = "Chữ ký hợp lệ, chứng thư số được tin cậy"
    elif weak:
        verdict = f"Chữ ký nguyên vẹn nhưng dùng thuật toán băm yếu {weak.upper()}"
    else:
        verdict = f"Chữ ký nguyên vẹn; chưa tin cậy được: {chain.problem}"
    if chain.state is RevocationState.REVOKED_LATER and chain.revoked_at:
        verdict += f"; chứng thư số bị thu hồi ngày {chain.revoked_at:%d/%m/%Y}, sau khi ký"
    elif trusted and chain.state is RevocationState.UNKNOWN:
        verdict += "; chưa kiểm tra được chứng thư số có bị thu hồi không"
    if changes and set(changes) <= EVIDENCE:
        verdict += "; sau khi ký chỉ bổ sung dữ liệu xác thực"
    elif changes:
        verdict += "; tệp được bổ sung sau chữ ký này"
    return verdict


def tell_time(proven: dt.datetime | None, stamp_at: dt.datetime | None, *, by_archive: bool) -> str:
    if by_archive:
        return "; thời điểm được chứng minh bằng dấu thời gian lưu trữ"
    if proven:
        return "; có dấu thời gian"
    return "; có dấu thời gian chưa được tin cậy" if stamp_at else "; thời gian do người ký tự khai"
