"""The commands and settings, as an operator uses them."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import COMMANDS
from bot.settings import BadSetting, Settings, load_settings
from tests.support.processes import bot, environment, here


def test_ask_in_words_and_as_json(tmp_path: Path) -> None:
    said = bot(tmp_path, "ask", "退休了能报吗")
    assert said.returncode == 0, said.stderr
    assert "（三）" in said.stdout
    found = json.loads(here(tmp_path, "ask", "--json", "高级证书是不是就是高级工程师").stdout)
    assert set(found) == {"kind", "entry", "title", "text", "clauses", "alternatives", "point"}
    assert (found["kind"], found["entry"], found["clauses"]) == ("answer", "title-senior", ["五（二）"])
    refused = json.loads(here(tmp_path, "ask", "--json", "今天天气怎么样").stdout)
    assert (refused["kind"], refused["clauses"]) == ("refuse", [])
    assert not (tmp_path / "bot.sqlite3").exists()  # asking needs no database


def test_ask_in_batch(tmp_path: Path) -> None:
    done = here(tmp_path, "ask", "--batch", stdin="啥时候发的\n\n谢谢\n退休了能报吗？补贴多少钱？\n")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["answer", "answer", "answer"]
    assert lines[1]["clauses"] == []
    assert lines[2]["clauses"] == ["三", "五（三）"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["ask"], "请给出问题"),
        (["ask", "--on", "明天", "退休"], "2026-12-31"),
        (["export", "2026年第五季度", "--to", "x.xlsx"], "没认出季度"),
        (["export", "2026Q4", "--to", "x.xlsx"], "没有找到数据库"),
        (["export", "2026Q4", "--to", "x.pdf"], ".xlsx"),
        (["export", "2026Q4", "--to", "x"], ".csv"),
        (["chat", "--json", "--now", "noon"], "没认出时间"),
        (["chat", "--json", "--now", "0001-01-01T00:00"], "没认出时间"),
        (["invite", "--institution", "x"], "机构名称"),
    ],
)
def test_bad_arguments_get_a_sentence(tmp_path: Path, arguments: list[str], word: str) -> None:
    done = here(tmp_path, *arguments, stdin="")
    assert done.returncode == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_DATABASE_URL", "mysql://x"),
        ("BOT_LISTEN", "8000"),
        ("BOT_LISTEN", "127.0.0.1:99999"),
        ("BOT_REPORT_BASIS", "month"),
        ("BOT_SECRET_KEY", "short"),
        ("BOT_TELEGRAM_TOKEN", "hello"),
        ("BOT_TELEGRAM_WEBHOOK_SECRET", "no spaces!"),
        ("BOT_PUBLIC_URL", "example"),
        ("BOT_PUBLIC_URL", "https://bot.example.cn/chat"),
        ("BOT_DATABASE_URL", "sqlite://"),
        ("BOT_DATABASE_URL", "sqlite:///"),
        ("BOT_DATABASE_URL", "sqlite:///:memory:"),
        ("BOT_DATABASE_URL", "postgresql://u:p@127.0.0.1:abc/x"),
        ("BOT_TELEGRAM_WEBHOOK_SECRET", "x" * 32),  # and no address to post to
        ("BOT_REPORT_CLOSES", "-1"),
        ("BOT_REPORT_CLOSES", "ten"),
    ],
)
def test_a_bad_setting_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as refused:
        load_settings()
    assert name in str(refused.value)
    assert "不能用" in str(refused.value)
    if "KEY" in name or "TOKEN" in name:
        assert value not in str(refused.value)


def test_settings_also_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_LISTEN=127.0.0.1:9\nBOT_REPORT_BASIS=\n", encoding="utf-8")
    settings = load_settings()
    assert settings.address == ("127.0.0.1", 9)
    assert settings.report_basis == "quarter"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gbk"])
def test_a_settings_file_in_another_encoding_stops_the_start(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_text("# 威海\nBOT_LISTEN=127.0.0.1:9\n", encoding=encoding)
    done = here(tmp_path, "chat", "--json", stdin="")
    assert (done.returncode, "UTF-8" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_settings_file_from_windows_notepad_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_LISTEN=127.0.0.1:9\n", encoding="utf-8-sig")
    assert load_settings().address == ("127.0.0.1", 9)


def test_a_misspelt_setting_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_LISTNE=127.0.0.1:9\nPATH_X=1\n", encoding="utf-8")
    done = here(tmp_path, "chat", "--json", stdin="", BOT_REPORT_CLOSE="3")
    assert done.returncode == 0, done.stderr
    for word in ("BOT_LISTNE", "BOT_LISTEN", "BOT_REPORT_CLOSE ", "BOT_REPORT_CLOSES"):
        assert word in done.stderr
    assert "PATH_X" not in done.stderr


def test_a_bad_data_folder_is_not_blamed_on_the_database(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for key in ("", "k" * 32):
        done = here(
            tmp_path, "chat", "--json", stdin="", BOT_DATA_DIR=str(tmp_path / "taken"), BOT_SECRET_KEY=key
        )
        assert done.returncode == 1
        assert "BOT_DATA_DIR" in done.stderr
        assert "数据库" not in done.stderr


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("[::]:8000", "http://[::1]:8000"),
        ("10.1.2.3:80", "http://10.1.2.3:80"),
    ],
)
def test_the_address_printed_is_one_that_can_be_opened(listen: str, url: str) -> None:
    settings = Settings(listen=listen, _env_file=None)
    assert settings.url == url
    assert settings.everywhere == (listen != "10.1.2.3:80")


def test_json_lines_that_are_none_get_an_error_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad = [
        "x",
        "[]",
        "{}",
        '{"user": "u"}',
        '{"user": "u", "id": 5, "text": "x"}',
        '{"user": "u", "id": "1", "file": "/no/such"}',
        '{"user": "u", "id": "1", "text": "x", "now": "noon"}',
        '{"user": "u", "id": "1", "text": "填报", "now": "0001-01-01T00:00"}',
        '{"user": "u", "id": "1", "text": "填报", "now": "9999-12-31T23:59:59-12:00"}',
        '{"user": "u", "id": "1"}',
        "[" * 2000,
    ]
    done = bot(
        tmp_path,
        "chat",
        "--json",
        stdin="\n".join(
            [
                *bad,
                '{"user": "u", "id": "2", "text": "坏\\ud800字"}',
                '{"user": "u", "id": "3", "text": "啥时候发的"}',
            ]
        ),
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(line) == {"error"} for line in lines[: len(bad)])
    assert lines[-2]["replies"][0]["text"]
    assert "2023年5月24日" in lines[-1]["replies"][0]["text"]


def test_the_terminal_talks(tmp_path: Path) -> None:
    done = bot(
        tmp_path,
        "chat",
        "--user",
        "li",
        "--now",
        "2026-12-30T10:00:00+08:00",
        stdin="我能不能参加培训\n2\n1\n1\n",
    )
    assert done.returncode == 0, done.stderr
    assert "可以参加" in done.stdout


def test_a_database_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "bot.sqlite3").write_text("这不是数据库" * 1000, encoding="utf-8")
    done = here(tmp_path, "chat", "--json", stdin="")
    assert done.returncode == 1
    assert "打不开数据库" in done.stderr
    done = here(
        tmp_path, "chat", "--json", stdin="", BOT_DATABASE_URL=f"sqlite:///{tmp_path}/bot.sqlite3/x/y"
    )
    assert "打不开数据库" in done.stderr
    done = here(tmp_path, "chat", "--json", stdin="", BOT_DATABASE_URL="postgresql://u@127.0.0.1:1/x")
    assert "打不开数据库" in done.stderr


def _mark(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "bot.sqlite3")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_older_and_newer_schemas(tmp_path: Path) -> None:
    assert here(tmp_path, "upgrade").returncode == 1  # it makes no database
    here(tmp_path, "invite", "--office")
    assert here(tmp_path, "upgrade").returncode == 0
    _mark(tmp_path, "INSERT INTO schema_mark VALUES (99, 0)")
    assert here(tmp_path, "chat", "--json", stdin="").returncode == 0  # newer, but nothing we must not touch
    _mark(tmp_path, "UPDATE schema_mark SET incompatible = 1 WHERE number = 99")
    newer = here(tmp_path, "chat", "--json", stdin="")
    assert newer.returncode == 1
    assert "更新的版本" in newer.stderr
    assert here(tmp_path, "upgrade").returncode == 1
    _mark(tmp_path, "DELETE FROM schema_mark")
    older = here(tmp_path, "chat", "--json", stdin="")
    assert older.returncode == 1
    assert "python -m bot upgrade" in older.stderr


def test_policy_check_passes_and_shows_the_coverage(tmp_path: Path) -> None:
    done = here(tmp_path, "policy", "check")
    assert done.returncode == 0, done.stdout
    assert "五（三）\t" in done.stdout


@pytest.mark.usefixtures("sqlite_url")
def test_invite_of_an_institution_makes_it_once(tmp_path: Path) -> None:
    assert "新建" in here(tmp_path, "invite", "--institution", " 威海  数字学校 ").stdout
    assert "新建" not in here(tmp_path, "invite", "--institution", "威海 数字学校").stdout


@pytest.mark.usefixtures("sqlite_url")
@pytest.mark.parametrize(("role", "who"), [("head", "负责人"), ("staff", "工作人员")])
def test_an_office_code_says_whose_it_is(tmp_path: Path, role: str, who: str) -> None:
    assert who in here(tmp_path, "invite", "--office", "--role", role).stdout


@pytest.mark.usefixtures("sqlite_url")
def test_invite_makes_no_second_institution_of_a_name_spelled_otherwise(tmp_path: Path) -> None:
    assert "新建" in here(tmp_path, "invite", "--institution", "威海海洋职业学院（北校区）").stdout
    done = here(tmp_path, "invite", "--institution", "威海　海洋职业学院(北校区)")
    assert done.returncode == 1
    assert "威海海洋职业学院（北校区）" in done.stderr
    assert "邀请码：" not in done.stdout


@pytest.mark.usefixtures("sqlite_url")
def test_an_empty_quarter_is_exported_too(tmp_path: Path) -> None:
    done = here(tmp_path, "export", "2026Q4", "--to", "x.xlsx")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.xlsx").read_bytes()[:2] == b"PK"


@pytest.mark.usefixtures("sqlite_url")
def test_an_export_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    done = here(tmp_path, "export", "2026Q4", "--to", "/nowhere/x.xlsx")
    assert (done.returncode, "写不了文件" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    done = bot(tmp_path, "--version")
    assert done.returncode == 0
    assert done.stdout.strip()[0].isdigit()


def test_every_command_is_listed_and_has_its_own_help(tmp_path: Path) -> None:
    listed = here(tmp_path, "--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^    {name}$|^    {name} ", listed, re.MULTILINE)  # a long name has its own line
        assert f"python -m bot {name} " in here(tmp_path, name, "--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["policy"],
        ["policy", "bogus"],
        ["policy", "check", "--bogus"],
        ["policy", "train", "--verbose"],
        ["policy", "evaluate", "check"],
        ["policy", "proposals"],
        ["policy", "diagram"],
        ["ask", "--bogus", "退休"],
        ["bogus"],
    ],
)
def test_what_no_command_takes_is_an_error(tmp_path: Path, arguments: list[str]) -> None:
    done = (bot if arguments == ["bogus"] else here)(tmp_path, *arguments)
    assert done.returncode == 2
    assert "error" in done.stderr
    assert done.stdout == ""


def test_a_rule_is_drawn_or_the_checks_are_named(tmp_path: Path) -> None:
    done = here(tmp_path, "policy", "diagram", "title", "--svg", "title.svg")
    assert done.stdout.startswith("flowchart")
    assert (tmp_path / "title.svg").read_text(encoding="utf-8").startswith("<svg")
    other = here(tmp_path, "policy", "diagram", "bogus")
    assert other.returncode == 1
    assert "subsidy" in other.stderr


def test_one_answer_loads_no_server_no_channel_and_no_documents(tmp_path: Path) -> None:
    script = "import sys; from bot.cli import main; main(['ask', '退休了能报吗']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path),
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "bot.cli.ask" in loaded
    unneeded = {"bot.app", "bot.router", "bot.registry", "bot.documents", "bot.channels", "bot.cli.chat"}
    assert not loaded & {*unneeded, "starlette", "telegram", "openpyxl", "xlsxwriter", "alembic", "holidays"}
    assert not loaded & {"sqlalchemy", "cn2an"}


def test_a_text_is_read_in_any_place_and_from_standard_input(tmp_path: Path) -> None:
    twelve = {"kind": "value", "value": 12}
    for arguments in (("count", "12个人", "--json"), ("count", "--json", "12个人")):
        assert json.loads(here(tmp_path, "read", *arguments).stdout) == twelve
    assert json.loads(here(tmp_path, "read", "count", "--json", stdin="12个人\n").stdout) == twelve
    assert here(tmp_path, "read", "count", "--bogus", "12").returncode == 2
    assert not list(tmp_path.glob("*.sqlite3"))
