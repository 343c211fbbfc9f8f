"""A real browser on a phone's screen drives the three jobs against a served process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.processes import code
from tests.support.real_browser import DESK, PHONE, Server, Visit, browser, fits, visit

__all__ = ["browser", "visit"]  # fixtures


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all who only visit: everybody comes with a browser of their own."""
    with Server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """The shared one; of its own for a test that is marked so: it kills it, or has an office in it."""
    if request.node.get_closest_marker("own_server") is None:
        yield request.getfixturevalue("shared_server")
        return
    with Server(tmp_path) as running:
        yield running


def pages(pdf: bytes) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_worker_asks_a_question_and_reads_the_original_text(visit: Visit) -> None:
    li = visit()
    li.sees("您好")
    li.picture("welcome")
    li.says("退休了能报吗")
    li.sees("不包含已退休人员", "依据：威人社函〔2023〕25号")
    expect(li.page.get_by_label("想问的话")).to_be_focused()
    expect(li.page.get_by_label("想问的话")).to_have_value("")
    li.picture("answer")
    li.presses("看原文")
    expect(li.last_said).to_contain_text("看原文")
    expect(li.newest.locator("mark")).to_contain_text("不包含已退休人员")
    li.picture("original")
    assert fits(li)
    said = li.page.locator(".line").all_inner_texts()
    li.page.reload()
    assert li.page.locator(".line").all_inner_texts() == said


def test_a_worker_checks_whether_they_can_take_part(visit: Visit) -> None:
    li = visit()
    li.presses("我能不能参加培训")
    li.presses("没有退休")
    li.presses("是，在威海工作")
    li.picture("question")
    li.presses("正在从事数字技术工作")
    li.sees("可以参加", "按通知文字的初步判断，不是认定或审批结果")
    li.picture("check")
    older = li.page.locator(".ours:not(.newest) .choices").last
    expect(older.get_by_role("button").first).to_be_hidden()
    older.locator("summary").click()
    older.get_by_role("button").first.click()
    li.settled()
    li.sees("该按钮已失效")


def test_a_contact_binds_and_reports_a_quarter(visit: Visit, server: Server) -> None:
    wang = visit()
    wang.says(f"绑定 {code(server.folder, '--institution', '威海数字培训学校')}", "王芳")
    wang.presses("跳过")
    wang.presses("填报季度情况表")
    wang.page.locator(".newest .chip.answer").first.click()  # the quarter that is due
    wang.settled()
    wang.sees("哪些职业有培训")
    wang.picture("occupations")
    wang.presses("大数据")
    wang.says("3")
    wang.picture("cell")
    wang.page.get_by_label("想问的话").fill(
        "大数据 3 2 120 80 60 90000\n区块链 1 1 30 28 28 42000\n智能制造 2 1 64 40 22 33000"
    )
    wang.page.keyboard.press("Enter")
    wang.settled()
    wang.sees("都填好了，请核对")
    expect(wang.page.locator(".newest .chip.answer")).to_have_text(["提交"])  # 加一个职业 is no equal of it
    box = wang.page.locator(".attach summary").bounding_box()
    assert box and box["height"] >= 44 and box["width"] >= 44
    wang.picture("report")
    wang.presses("提交")
    wang.presses("确认提交")
    wang.sees("系统已收到", "编号")
    wang.picture("receipt")
    with wang.page.expect_download() as downloading:
        wang.newest.locator("a.file").click()
    assert downloading.value.suggested_filename.endswith(".xlsx")
    assert "威海数字培训学校" in downloading.value.suggested_filename
    assert Path(downloading.value.path()).read_bytes().startswith(b"PK")
    assert fits(wang)


def test_a_wide_screen_and_a_dark_one(visit: Visit) -> None:
    desk = {"device_scale_factor": 1, "has_touch": False, "is_mobile": False}
    for name, options in (("desktop", {"viewport": DESK, **desk}), ("dark", {"color_scheme": "dark"})):
        li = visit(**options)
        li.says("补贴标准是多少", "菜单")
        li.presses("常见问题")
        li.presses("谁能参加")
        li.says("退休了能报吗", "原文")
        li.picture(name)


def test_at_twice_the_size_nothing_sticks_out(visit: Visit) -> None:
    li = visit(viewport={"width": PHONE["width"] // 2, "height": PHONE["height"] // 2})
    li.presses("我能不能参加培训")
    li.says("长" * 300)
    assert fits(li)
    li.picture("zoomed")


def test_everything_works_without_scripts(visit: Visit) -> None:
    li = visit(java_script_enabled=False)
    li.sees("您好")
    li.page.get_by_label("想问的话").fill("退休了能报吗")
    li.page.get_by_role("button", name="发送").click()
    li.sees("不包含已退休人员")
    assert li.page.url.endswith("/#latest")
    li.picture("plain")
    li.newest.get_by_role("button", name="看原文").click()
    expect(li.newest.locator("mark")).to_contain_text("不包含已退休人员")
    li.page.get_by_role("button", name="菜单").click()
    li.sees("想问什么直接打字")


def test_with_the_keyboard_only(visit: Visit) -> None:
    li = visit(is_mobile=False, has_touch=False)
    li.page.evaluate("document.body.tabIndex = -1; document.body.focus()")  # as on arriving
    li.page.keyboard.press("Tab")
    expect(li.page.get_by_role("link", name="跳到输入框")).to_be_focused()
    li.page.keyboard.press("Enter")
    expect(li.page.get_by_label("想问的话")).to_be_focused()
    li.page.keyboard.type("退休了能报吗")
    li.page.keyboard.press("Enter")
    li.sees("不包含已退休人员")
    li.page.locator(".newest").first.focus()
    li.page.keyboard.press("Tab")
    expect(li.page.get_by_role("button", name="看原文")).to_be_focused()
    li.page.keyboard.press("Enter")
    expect(li.page.locator(".newest mark")).to_be_visible()
    expect(li.page.locator(".newest").first).to_be_focused()  # Tab goes on from the answer


def test_a_message_that_did_not_get_through_is_sent_again_and_applied_once(visit: Visit) -> None:
    li = visit()
    tries: list[str] = []

    def drop_answer(route: Any) -> None:
        """The first request reaches the server, its answer is lost."""
        tries.append(re.search(rb'name="id"\r\n\r\n(\S+)', route.request.post_data_buffer)[1].decode())  # type: ignore[index]
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    li.page.route(lambda url: url.endswith("/"), drop_answer)
    li.says("退休了能报吗")
    li.sees("不包含已退休人员")
    assert len(tries) == 2
    assert len(set(tries)) == 1
    expect(li.page.locator(".said")).to_have_count(1)
    li.errors.clear()  # the browser logs the request that we dropped


@pytest.mark.own_server
def test_a_server_that_is_gone_keeps_what_was_typed(visit: Visit, server: Server) -> None:
    li = visit()
    li.page.clock.install()
    server.process.kill()
    li.page.get_by_label("想问的话").fill("退休了能报吗")
    li.page.keyboard.press("Enter")
    for _ in range(300):  # the script tries again a few times; its clock is ours, the network's is not
        if li.page.get_by_role("alert").is_visible():
            break
        li.page.wait_for_timeout(200)
        li.page.clock.run_for(4000)
    expect(li.page.get_by_role("alert")).to_contain_text("没有发出去")
    expect(li.page.get_by_label("想问的话")).to_have_value("退休了能报吗")
    li.picture("offline")
    li.errors.clear()
    with Server(server.folder, server.port):
        li.page.keyboard.press("Enter")
        li.sees("不包含已退休人员")
        expect(li.page.locator(".said")).to_have_count(1)
    li.errors.clear()


def test_enter_that_picks_a_chinese_word_does_not_send(visit: Visit) -> None:
    li = visit()
    box = li.page.get_by_label("想问的话")
    box.fill("tuixiu")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(box).to_have_value("tuixiu")
    expect(li.page.locator(".said")).to_have_count(0)


def test_what_another_tab_said_arrives_by_itself(visit: Visit, server: Server) -> None:
    li = visit()
    li.says("退休了能报吗")
    second = li.page.context.new_page()
    second.clock.install()
    second.goto(server.url)
    li.says("菜单")
    expect(second.locator(".said")).to_have_count(1)
    second.clock.run_for(21_000)
    expect(second.locator(".said")).to_have_count(2)


@pytest.mark.own_server
def test_the_office_returns_a_cell_and_accepts_the_correction(visit: Visit, server: Server) -> None:
    wang = visit()
    wang.says(f"绑定 {code(server.folder, '--institution', '海韵数字学校')}", "王芳")
    wang.presses("跳过")
    wang.presses("填报季度情况表")
    wang.page.locator(".newest .chip.answer").first.click()  # the quarter that is due
    wang.settled()
    wang.says("大数据 3 2 120 80 60 90000", "提交")
    wang.presses("确认提交")

    zhang = visit(viewport=DESK, device_scale_factor=1, has_touch=False, is_mobile=False)
    zhang.says(f"绑定 {code(server.folder, '--office')}", "工作台")
    with zhang.page.context.expect_page() as opening:
        zhang.newest.locator("a[href*='/office/enter/']").click()
    board = opening.value
    board.get_by_role("button", name="进入工作台").click()
    board.get_by_role("link", name="海韵数字学校").click()
    board.get_by_role("link", name="退回").click()
    board.get_by_label("大数据 已培训人数 的理由").fill("名册是 118 人")
    board.get_by_role("button", name="退回写了理由的地方").click()
    expect(board.get_by_role("status")).to_contain_text("已退回")

    wang.page.reload()  # the push is there at the latest now
    wang.sees("名册是 118 人")
    wang.presses("现在改")
    wang.presses("开始改")
    wang.says("118", "提交")
    wang.presses("确认提交")

    board.reload()
    expect(board.locator(".changed .was")).to_contain_text("120")
    board.get_by_role("button", name="审核通过").click()
    expect(board.locator(".lead .state.accepted")).to_be_visible()
    board.get_by_role("link", name="报送进度").click()
    expect(board.locator(".tiles .accepted b")).to_have_text("1")
    assert board.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert board.evaluate("document.documentElement.outerHTML.includes('style=')") is False
    board.get_by_role("button", name="退出").click()
    expect(board.get_by_role("heading", name="请先登录")).to_be_visible()


@pytest.mark.own_server
def test_the_next_morning_names_are_copied_sums_opened_and_files_taken(visit: Visit, server: Server) -> None:
    wang = visit()
    wang.says(f"绑定 {code(server.folder, '--institution', '海韵数字学校')}", "王芳")
    wang.presses("跳过")
    wang.presses("填报季度情况表")
    wang.page.locator(".newest .chip.answer").first.click()
    wang.settled()
    wang.says("大数据 3 2 120 80 60 90000", "提交")
    wang.presses("确认提交")
    code(server.folder, "--institution", "文登<技师>学院")

    zhang = visit(viewport=DESK, device_scale_factor=1, has_touch=False, is_mobile=False)
    zhang.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    zhang.says(f"绑定 {code(server.folder, '--office')}", "工作台")
    with zhang.page.context.expect_page() as opening:
        zhang.newest.locator("a[href*='/office/enter/']").click()
    board = opening.value
    refused: list[str] = []  # what the page's own policy does not let be shown
    board.on("console", lambda said: refused.extend([said.text] if said.type == "error" else []))
    board.get_by_role("button", name="进入工作台").click()

    board.get_by_role("link", name="报送提示").click()
    board.get_by_role("button", name="复制名单").click()
    expect(board.get_by_role("button", name="已复制")).to_be_visible()
    copied = board.evaluate("navigator.clipboard.readText()")
    assert "1. 文登<技师>学院" in copied.splitlines()
    assert "应报2家，已报1家，未报1家" in copied

    board.get_by_role("link", name="汇总").click()
    here, quarter = board.url, board.locator("select[name=quarter]")
    chosen = quarter.input_value()
    quarter.focus()
    for _ in range(3):  # on the way to a quarter far down the page stays what it is
        board.keyboard.press("ArrowDown")
    assert board.url == here
    quarter.select_option(chosen)
    board.get_by_label("范围").dispatch_event("pointerdown")
    board.get_by_label("范围").select_option("1")  # with the mouse the page follows by itself
    expect(board.locator(".lead")).to_contain_text("计入 0/2 家")
    board.get_by_label("范围").select_option("")
    board.get_by_role("button", name="切换").click()
    expect(board.locator(".lead")).to_contain_text("计入 1/2 家")
    board.set_viewport_size(PHONE)  # the table is wider than that, and the keyboard reaches it
    expect(board.get_by_role("region", name="按职业")).to_have_attribute("tabindex", "0")
    board.set_viewport_size(DESK)
    expect(board.get_by_role("region", name="按职业")).to_have_count(0)
    assert pages(board.pdf(prefer_css_page_size=True)) <= 2
    chart = board.get_by_role("img", name="各职业已培训人数（人）")
    expect(chart.locator("text", has_text="120")).to_be_visible()
    for _ in range(2):  # the page stays, and its button works again
        with board.expect_download() as taking:
            board.get_by_role("button", name="汇总表（XLSX）").click()
        assert taking.value.suggested_filename.endswith(".xlsx")
    board.locator("#by-occupation tfoot").get_by_role("link", name="120", exact=True).click()
    expect(board.get_by_role("heading", level=1)).to_contain_text("120人")
    board.get_by_role("link", name="第1版").click()
    expect(board.get_by_role("heading", level=1)).to_have_text("海韵数字学校")
    assert refused == []
