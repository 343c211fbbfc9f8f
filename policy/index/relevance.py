"""Which refused questions may be ours after all, and so are worth the office's time."""

from __future__ import annotations

import re

from policy.index.index import Found, Index
from policy.reading.text import bare, unified

# The share of doubt from which a refusal counts as perhaps ours. Low: the office can drop a question
# with one tap, and one that never reaches it cannot be answered.
PERHAPS = 0.01
_SUBJECT = re.compile(
    "证书|证件|考核|考试|补考|培训|学员|学时|补贴|职称|工程师|机构|开班|报名|老师|教材|上课|结业|数字技术|情况表"
)


def perhaps_ours(text: str, found: Found, index: Index) -> bool:
    """Whether a refused text may be about this notice: not another office's, and near our words."""
    plain = bare(unified(text))
    if found.kind != "refuse" or found.neighbour or len(plain) < 2:
        return False
    return bool(_SUBJECT.search(plain)) or index.judge(plain).ours >= PERHAPS
