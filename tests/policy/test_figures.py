"""Figures and private numbers as people write them, kind by kind."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.core.input_limits import mask
from policy.form.form import Refused
from policy.form.sheet import SheetCell, read_form
from policy.reading import private_numbers
from policy.reading.money import plain_yuan, spreadsheet_number
from policy.reading.numbers import NotAFigure, read_figure
from tests.support.corpus import CORPUS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, "12") for text in ("12个人", "共12人", "一共12个", "12名学员", "１２人。", "十二口人",
            "12人次", "是12")),
        *((text, "120") for text in ("刚好120", "是120", "总共：120", "实际120人", "我们班120个",
            "正好一百二十")),
        *((text, "0") for text in ("没人", "没有", "一个也没有", "一分没发", "没发", "无", "零")),
        *((text, "90000") for text in ("人民币9万元整", "人民币90000元", "'90000", '="90000"', "¥90,000",
            "9w", "发了9万")),
        *((text, "95000") for text in ("玖萬伍仟圓整", "9万5", "九点五万", "95千", "9.5w", "九万五千块钱")),
        *((text, "35000") for text in ("三万半", "三萬五", "3万5", "三万五千元整", "三点五万")),
        *((text, "3.5") for text in ("三块五", "3块5", "三块五毛", "三块半", "3元5角")),
        *((text, "1200") for text in ("1 200", "1，200", "1,200", "一千二", "0.12万", "1.2k")),
        *((text, "123.45") for text in ("一百二十三元四角五分", "123元4角5分", "壹佰贰拾叁元肆角伍分")),
        ("俩", "2"), ("仨班", "3"), ("卅", "30"), ("卅九", "39"), ("廿四人", "24"),
        ("兩百", "200"), ("貳拾", "20"),
        ("0.1万", "1000"), ("壹万贰仟叁佰肆拾伍元陆角柒分", "12345.67"), ("八毛", "0.8"),
        ("五分钱", "0.05"),
        ("1,234.5万", "12345000"), ("1 380 000", "1380000"), ("12 500元", "12500"), ("三块五毛二", "3.52"),
    ],
)  # fmt: skip
def test_figures_as_people_type_them(text: str, value: str) -> None:
    assert read_figure(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("120，不对，130", 130), ("30，不对，31", 31), ("写错了，是15", 15),
        ("11个，不是12个", 11), ("不是12个，11个", 11),
        ("男5女7，共12", 12), ("120吧", 120), ("应该是120", 120), ("12？", 12),
        ("64个领证了", 64), ("O", 0),
    ],
)  # fmt: skip
def test_a_number_put_right_or_doubted_is_only_likely(text: str, likely: int) -> None:
    with pytest.raises(NotAFigure) as refused:
        read_figure(text)
    assert refused.value.likely == likely


@pytest.mark.parametrize(
    "text",
    "120左右 120个左右吧 120上下 约120 100多 十来个人 百余 几个 近两百 小一万 100-120 5~8个 12或13 3班60人 "
    "80/120 12² ③ ½ 50% 1e5 0x10 1O 每人1200 3000美元 12号 3月 第3 "
    "百分之五 不是120 -3 负二 1.2.3 1,20".split(),
)
def test_what_is_no_exact_figure_is_not_even_likely(text: str) -> None:
    with pytest.raises(NotAFigure) as refused:
        read_figure(text)
    assert refused.value.likely is None


def test_two_figures_with_a_blank_between_are_not_made_one() -> None:
    with pytest.raises(NotAFigure):
        read_figure("80 120")


def test_a_figure_behind_a_measures_name_is_that_measures() -> None:
    chart = CORPUS.form
    trained, certified = chart.measure("trained"), chart.measure("certified")
    assert chart.read_cell(trained, "已培训人数：12个人") == 12
    assert chart.read_cell(certified, "取证80") == 80
    with pytest.raises(Refused) as refused:
        chart.read_cell(certified, "培训人数120")
    assert refused.value.likely == 120


def test_an_amount_over_the_limit_is_refused_as_such() -> None:
    for text in ("三亿五", "3亿5", "1万亿", "100000001"):
        with pytest.raises(Refused) as refused:
            CORPUS.form.read_cell(CORPUS.form.measure("amount"), text)
        assert refused.value.reason == "limit"


def amount_in_wan(cell: SheetCell) -> object:
    """The amount that a table headed 万元 gives, in fen, or why it is refused."""
    chart = CORPUS.form
    heads = [SheetCell("", "职业", "text"), *(SheetCell("", m.title, "text") for m in chart.measures)]
    heads[-1] = SheetCell("", f"{chart.measures[-1].title}（万元）", "text")
    counts = [SheetCell("", text, "number") for text in ("3", "2", "120", "80", "60")]
    read = read_form(chart, [heads, [SheetCell("", "大数据", "text"), *counts, cell]])
    assert read is not None
    wrong = [w.reason for w in read.wrong]
    return wrong[0] if wrong else read.rows["大数据"]["amount"]


def test_an_amount_in_wan_is_the_same_by_every_way_in() -> None:
    typed = CORPUS.form.read_cell(CORPUS.form.measure("amount"), "12.345678万元")
    numeric = SheetCell("", f"{spreadsheet_number(12.345678):f}", "number")
    assert typed == amount_in_wan(SheetCell("", "12.345678", "text")) == amount_in_wan(numeric) == 12_345_678
    assert plain_yuan(typed) == "123456.78"


def test_a_part_of_a_fen_is_refused_never_rounded() -> None:
    assert amount_in_wan(SheetCell("", "12.3456789", "text")) == "cents"
    assert amount_in_wan(SheetCell("", "12.3456789", "number")) == "cents"
    for text in ("123.456", "12.3456789万"):
        with pytest.raises(Refused) as refused:
            CORPUS.form.read_cell(CORPUS.form.measure("amount"), text)
        assert refused.value.reason == "cents"


def test_a_sum_in_a_spreadsheet_is_what_the_spreadsheet_shows() -> None:
    assert spreadsheet_number(0.1 + 0.2) == Decimal("0.3")
    assert spreadsheet_number(90000.0) == 90000


PRIVATE = """
13863112345|１３８６３１１２３４５|138-6311-2345|138 6311 2345|138.6311.2345|138—6311—2345
1386\u200b311\u200b2345
+86 138 6311 2345|(86)13863112345|0086-13863112345|1 3 8 6 3 1 1 2 3 4 5|138【6311】2345
幺三八六三幺幺二三四五
一三八零零一三八零零零|壹叁捌陆叁壹壹贰叁肆伍|幺三八，零六三幺，二二九九
0631-5231234|06315231234|0631 5231234|（0631）5231234|0631－5231234|0631-5231234-806|0631 523 1234
010-82345678
371002199003071234|371002 19900307 1234|371082 19880512 402X|37100219850101567ｘ
371081-1995-0606-0023|371002650312123
370629 581120 051|３７１００２１９９００３０７１２３４|三七一零零二一九九零零三零七一二三四
6222021614001234567|6217 0023 4000 8765 432|6223-1900-1234-5678
E12345678|EA1234567|G12345678|C98765432|H1234567801|A123456(7)|wangfang88@163.com|鲁K12B45
"""

ORDINARY = """
大数据 3 2 120 80 60 90000|大数据 3 2 138 120 80 9000000|12 10 500 480 450 1350000
智能制造,13,8,400,350,300,450000
3、2、120、80、60、90000|鲁人社字〔2022〕156号|威人社函〔2023〕25号|2026年11月28日|20261128
2026-11-28 14:30|2026.11.28 09:05:33
发放1234567.89元|¥1,380,631.12|1 380 000|2023、2024、2025|2022-2030|12333|12345|12366|10086
三七二十一|一二三四季度
国家职业标准2-02-38-03|职业编码2-02-10-11|GB/T 20269-2006|邮编264200|版本V2.10.13|0.5 1.5 2.5
绑定 E2345-67892|初级1500中级2000
2023 2024 2025 2026|补贴1386311元|电话费 1200000元|1、2、3、4季度
"""


def test_every_sign_that_is_read_as_a_digit_is_looked_at() -> None:
    """A text without such signs is not searched, however rare the sign."""
    signs = (chr(code) for code in range(0x80, 0x30000) if not 0xD800 <= code < 0xE000)
    spelt = [c for c in signs if private_numbers._Folded(c).digits.isdigit()]
    assert len(spelt) > 600
    assert all(private_numbers._may_hold_one(c * 11) for c in spelt)
    assert private_numbers.mask("幺三捌洞零零幺三捌洞零", lambda line: False)[1]
    assert not private_numbers._may_hold_one("我能不能参加培训")


@pytest.mark.parametrize("number", [n for line in PRIVATE.split("\n") for n in line.split("|") if n])
def test_private_numbers_are_masked_however_they_are_written(number: str) -> None:
    for before, after in (("", ""), ("我的是", "，记下了吧"), ("联系人：", " 谢谢")):
        masked = mask(CORPUS.form, f"{before}{number}{after}")[0]
        assert masked == f"{before}{'*' * len(number)}{after}"


@pytest.mark.parametrize("text", [t for line in ORDINARY.split("\n") for t in line.split("|") if t])
def test_figures_dates_and_document_numbers_are_left_alone(text: str) -> None:
    assert mask(CORPUS.form, text) == (text, False)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("留个电话吧5231789，威海的座机", "留个电话吧*******，威海的座机"),
        ("手机号138，6311，2345", "手机号*************"),
        ("台胞证08123456", "台胞证********"),
        ("加QQ 834556712", "加QQ *********"),
        ("大数据 2 1 60 50 30 36000 联系人13863119900", "大数据 2 1 60 50 30 36000 联系人***********"),
        ("13863112345/0631-5312345都行", "***********/************都行"),
    ],
)
def test_words_beside_a_number_tell_what_it_is(text: str, masked: str) -> None:
    assert mask(CORPUS.form, text)[0] == masked
