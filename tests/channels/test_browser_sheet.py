"""The sheet and the pages on the phones people hold: by thumb, without the net, by keyboard."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import create_engine

from storage.reports import reports
from storage.reports.reports import Rows
from tests.support.processes import code
from tests.support.real_browser import PHONE, Server, Visit, Visitor, browser, fits, server, visit

__all__ = ["browser", "server", "visit"]  # fixtures

# As WeChat on Android names itself.
WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; V2166BA Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like"
    " Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231002 MMWEBID/2247"
    " MicroMessenger/8.0.44.2502(0x28002C51) WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64"
)
DIGITS = ("3", "2", "120", "80", "60", "90000")
ROW = [3, 2, 120, 80, 60, 9_000_000]


def stored(server: Server) -> Rows:
    engine = create_engine(f"sqlite:///{server.folder / 'bot.sqlite3'}")
    with engine.connect() as connection:
        quarters = connection.exec_driver_sql("SELECT quarter FROM report").scalars().all()
        found = reports.snapshot(connection, 1, quarters[-1]).rows if quarters else {}
    engine.dispose()
    return found


def bound(visitor: Visitor, server: Server) -> Visitor:
    visitor.says(f"绑定 {code(server.folder, '--institution', '威海数字培训学校')}", "王芳")
    visitor.presses("跳过")
    visitor.presses("填报季度情况表")
    visitor.page.locator(".newest .chip.answer").first.click()  # the quarter that is due
    visitor.settled()
    return visitor


def test_ten_occupations_by_sheet_in_wechat_with_the_net_gone_in_between(
    visit: Visit, server: Server
) -> None:
    wang = bound(visit(user_agent=WECHAT), server)
    page, context = wang.page, wang.page.context
    taps = 0

    def tap(role: Any, name: str) -> None:
        nonlocal taps
        taps += 1
        page.get_by_role(role, name=name, exact=True).click()

    tap("link", "用表格填")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()  # from now on it opens without the net
    cells = page.locator(".cells input:not([type=hidden])")
    expect(cells).to_have_count(60)
    page.keyboard.press("Tab")  # stands for the first touch of a cell
    cells.first.focus()
    for n in range(60):
        expect(cells.nth(n)).to_be_focused()
        if n == 15:
            context.set_offline(True)
        page.keyboard.type(DIGITS[n % 6])
        page.get_by_role("button", name="下一格").click()
        if n == 30:
            expect(page.get_by_role("alert").first).to_contain_text("先存在这台手机上")
            page.reload()  # the phone threw the page away meanwhile
            expect(cells.nth(n)).to_have_value(DIGITS[n % 6])
            cells.nth(n + 1).focus()
    assert len(stored(server)) < 10
    context.set_offline(False)
    expect(page.locator("#state")).to_contain_text("已填 10 个职业，都填好了")
    wang.errors.clear()  # the browser logs what the missing net did not let through
    rows = stored(server)
    assert [list(row.values()) for row in rows.values()] == [ROW] * 10
    assert page.evaluate("localStorage.length") == 0
    wang.picture("sheet")
    tap("button", "去核对")
    expect(page.locator(".newest .table").first).to_be_visible()
    amounts = page.locator(".newest .td.money")
    for place in range(1, 12):  # ten rows and the sum; nobody confirms what is off the screen
        box = amounts.nth(place).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    wang.picture("cards")
    tap("button", "确认提交")
    wang.sees("系统已收到")
    assert taps == 3


def violations(page: Page) -> list[str]:
    told = Axe().run(page).response
    assert len(told["passes"]) > 5  # it did look
    found = told["violations"]
    return [f"{page.url} {one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def test_every_page_is_clean_light_and_dark_large_and_at_twice_the_size(visit: Visit, server: Server) -> None:
    half: ViewportSize = {"width": PHONE["width"] // 2, "height": PHONE["height"] // 2}
    wrong: list[str] = []
    wang = bound(visit(), server)
    wang.says("大数据 3 2 120 130 60 90000\n区块链 1 1 30 28 28 42000\n智能制造 2 1 64 40 22 33000")
    wang.says("上季学员本季取证")
    wang.sees("都填好了，请核对")
    place = wang.newest.get_by_role("link", name="用表格填").get_attribute("href")
    zhang = visit()
    zhang.says(f"绑定 {code(server.folder, '--office')}", "工作台")
    link = zhang.newest.locator("a[href*='/office/enter/']").get_attribute("href")
    zhang.page.goto(str(link))
    zhang.page.get_by_role("button", name="进入工作台").click()
    for scheme in ("light", "dark"):
        for visitor, paths in (
            (wang, ["/", str(place), "/privacy", "/sheet/9/2026Q1"]),
            (zhang, ["/office"]),
        ):
            page = visitor.page
            page.emulate_media(color_scheme=scheme)
            for path in paths:
                page.goto(f"{server.url}{path}")
                wrong += violations(page)
                page.set_viewport_size(half)
                assert fits(visitor), path
                page.set_viewport_size(PHONE)
                if visitor is wang and "9" not in path:
                    assert page.get_by_text("转人工").count(), path
    wang.page.goto(f"{server.url}{place}")
    before = wang.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    wang.page.get_by_role("button", name="大字").click()
    expect(wang.page.get_by_role("button", name="标准字")).to_be_visible()
    assert wang.page.url.endswith(str(place))
    assert wang.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") > 1.3 * before
    wrong += violations(wang.page)
    assert fits(wang)
    wang.errors.clear()  # the page that is not theirs answers 404
    assert wrong == []


def test_what_was_not_taken_stays_beside_its_cell_until_it_is(visit: Visit, server: Server) -> None:
    wang = bound(visit(), server)
    zhao = visit()
    zhao.says(f"绑定 {code(server.folder, '--institution', '威海数字培训学校')}", "赵强")
    wang.page.get_by_role("link", name="用表格填").click()
    zhao.page.goto(wang.page.url)
    trained, amount = (f"[name='cell:大数据:{measure}']" for measure in ("trained", "amount"))
    row = "[data-occupation=大数据]"
    wang.page.locator(trained).fill("120")
    wang.page.locator(amount).fill("9万")
    wang.page.keyboard.press("Enter")
    expect(wang.page.locator(row)).to_contain_text("记作 发放补贴金额 90,000 元")
    zhao.page.locator(trained).fill("150")
    zhao.page.locator(amount).fill("9万，不对，8万")
    zhao.page.keyboard.press("Enter")
    expect(zhao.page.locator(row)).to_contain_text("王芳在")
    expect(zhao.page.locator(row)).to_contain_text("您填的是 150")
    expect(zhao.page.locator(amount)).to_have_value("9万，不对，8万")
    zhao.page.locator("[name='cell:大数据:classes']").fill("3")
    zhao.page.keyboard.press("Enter")
    expect(zhao.page.locator(row)).to_contain_text("还剩 3 格")
    expect(zhao.page.locator(row).locator(".note.bad")).to_have_count(2)
    zhao.page.get_by_role("button", name="用我的 150").click()
    zhao.page.get_by_role("button", name="是，80,000").click()
    expect(zhao.page.locator(row).locator(".note.bad")).to_have_count(0)
    found = stored(server)["大数据"]
    assert (found["trained"], found["amount"], found["classes"]) == (150, 8_000_000, 3)


VOICES = """
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [["far", false], ["near", true]].map(([name, localService]) => (
    { name, localService, lang: "zh-CN" })),
  speak(said) { window.spoken = said; },
  cancel() { window.spoken.onend(); },
} });
"""


def test_the_newest_answer_is_read_aloud_by_a_voice_of_the_device_only(visit: Visit, server: Server) -> None:
    li = visit()
    expect(li.page.get_by_role("button", name="朗读")).to_have_count(0)  # this browser has no voice
    li.page.add_init_script(VOICES)
    li.page.reload()
    li.says("退休了能报吗")
    li.page.get_by_role("button", name="朗读").click()
    assert "不包含已退休人员" in li.page.evaluate("window.spoken.text")
    assert li.page.evaluate("window.spoken.voice.name") == "near"
    li.page.get_by_role("button", name="停止").click()
    expect(li.page.get_by_role("button", name="朗读")).to_be_visible()


def tabs_to(page: Page, name: str) -> None:
    """Press Tab until what bears that name is focused."""
    for _ in range(120):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(e => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || '')"
            "(document.activeElement)"
        )
        if " ".join(said.split()).startswith(name):
            return
    raise AssertionError(f"Tab never comes to {name}")


def presses(visitor: Visitor, name: str) -> None:
    tabs_to(visitor.page, name)
    visitor.page.keyboard.press("Enter")
    visitor.settled()


def types(visitor: Visitor, text: str) -> None:
    visitor.page.get_by_label("想问的话").focus()  # the skip link leads there
    visitor.page.keyboard.type(text)
    visitor.page.keyboard.press("Enter")
    visitor.settled()


def test_a_whole_task_of_each_person_by_keyboard_alone(visit: Visit, server: Server) -> None:
    desk = {"is_mobile": False, "has_touch": False}
    li = visit(**desk)
    for said in ("我能不能参加培训", "没有退休", "是，在威海工作", "正在从事数字技术工作"):
        presses(li, said)
    li.sees("可以参加")

    wang = visit(**desk)
    types(wang, f"绑定 {code(server.folder, '--institution', '海韵数字学校')}")
    types(wang, "王芳")
    presses(wang, "跳过")
    presses(wang, "填报季度情况表")
    wang.page.keyboard.press("Tab")
    wang.page.keyboard.press("Enter")  # the quarter that is due
    wang.settled()
    tabs_to(wang.page, "用表格填")
    wang.page.keyboard.press("Enter")
    expect(wang.page.locator("#state")).to_be_visible()
    tabs_to(wang.page, "已培训班次")
    for figure in DIGITS:
        wang.page.keyboard.type(figure)
        wang.page.keyboard.press("Enter")
    expect(wang.page.locator("#state")).to_contain_text("都填好了")
    tabs_to(wang.page, "去核对")
    wang.page.keyboard.press("Enter")
    wang.sees("确认报送")
    presses(wang, "确认提交")
    wang.sees("系统已收到")

    zhang = visit(**desk)
    types(zhang, f"绑定 {code(server.folder, '--office')}")
    types(zhang, "工作台")
    link = zhang.newest.locator("a[href*='/office/enter/']").get_attribute("href")
    zhang.page.goto(str(link))  # it opens a window of its own
    presses(zhang, "进入工作台")
    expect(zhang.page.get_by_role("link", name="海韵数字学校")).to_be_visible()
    presses(zhang, "海韵数字学校")
    expect(zhang.page.get_by_role("button", name="审核通过")).to_be_visible()
    tabs_to(zhang.page, "审核通过")
    zhang.page.keyboard.press("Enter")
    expect(zhang.page.locator(".lead .state.accepted")).to_be_visible()
