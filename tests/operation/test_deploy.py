"""The samples for operators are well formed, and name only what there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from bot.cli import COMMANDS
from bot.http.bodies import LONGEST_FILE
from bot.settings import Settings
from tests.support.processes import ROOT

DEPLOY = ROOT / "deploy"
SAMPLES = sorted(p for p in DEPLOY.iterdir() if p.suffix not in (".py", "") or p.name == "Dockerfile")
KNOWN = {f"BOT_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("sample", [*SAMPLES, ROOT / "docs" / "operate.md"], ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(sample: Path) -> None:
    named = set(re.findall(r"\bBOT_[A-Z_]+[A-Z]\b", sample.read_text(encoding="utf-8")))
    assert named <= KNOWN, named - KNOWN


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    assert {name for name in KNOWN if f"`{name}`" not in text} == set()


@pytest.mark.parametrize("sample", [*SAMPLES, ROOT / "docs" / "operate.md"], ids=lambda path: path.name)
def test_every_command_that_is_named_exists(sample: Path) -> None:
    for word in re.findall(r"python -m bot ([a-z][a-z-]*)", sample.read_text(encoding="utf-8")):
        assert word in COMMANDS, word


def test_the_alerts_ask_for_metrics_that_are_served() -> None:
    rules = [r for g in yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"] for r in g["rules"]]
    asked = {name for rule in rules for name in re.findall(r"\bbot_[a-z_]+", rule["expr"])}
    served = (ROOT / "bot" / "http" / "metrics.py").read_text(encoding="utf-8")
    assert asked and all(re.sub(r"_(total|bucket|count|sum)$", "", name) in served for name in asked)
    assert all({"summary", "action"} <= rule["annotations"].keys() for rule in rules)


def test_the_compose_file_builds_from_a_dockerfile_that_copies_what_there_is() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert (DEPLOY / compose["services"]["bot"]["build"]["context"]).resolve() == ROOT
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    assert copied and all((ROOT / name).exists() for line in copied for name in line.split())


def test_the_proxy_lets_through_what_the_bot_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    megabytes = re.search(r"client_max_body_size (\d+)m;", text)
    assert megabytes and int(megabytes[1]) * 1024**2 > LONGEST_FILE
    assert text.count("include /etc/nginx/weihai-bot-proxy.conf;") == text.count("proxy_pass ")


@pytest.mark.skipif(not shutil.which("nginx") or not shutil.which("openssl"), reason="no nginx here")
def test_nginx_takes_its_sample(tmp_path: Path) -> None:
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")]
    subprocess.run(["openssl", *made, *files], check=True, capture_output=True)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("/etc/nginx/weihai-bot-proxy.conf", str(DEPLOY / "nginx-proxy.conf"))
    site = re.sub(r"(ssl_certificate) \S+;", rf"\1 {tmp_path}/cert;", site)
    site = re.sub(r"(ssl_certificate_key) \S+;", rf"\1 {tmp_path}/key;", site)
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{ include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_its_units(tmp_path: Path) -> None:
    for unit in DEPLOY.glob("weihai-bot*.*"):
        if unit.suffix in (".service", ".timer"):
            text = unit.read_text(encoding="utf-8").replace("/opt/weihai-bot/venv/bin/python", "/bin/true")
            (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "weihai-bot" in line]
    assert not ours, done.stderr


def _wheel(folder: Path, name: str, requires: str = "") -> None:
    """A wheel with nothing in it but its metadata and a licence."""
    inside = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n{needs}"
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{inside}/METADATA", metadata)
        wheel.writestr(f"{inside}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{inside}/licenses/LICENSE", "MIT")
        wheel.writestr(f"{inside}/RECORD", "")


def test_a_bundle_is_whole_and_installs_without_a_registry(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    _wheel(wheels, "first", "second>=1; python_version>'3'")
    make = [
        sys.executable,
        str(DEPLOY / "bundle.py"),
        "--wheels",
        str(wheels),
        "--to",
        str(tmp_path / "b.zip"),
    ]
    lacking = subprocess.run(make, capture_output=True, text=True, check=False)
    assert (lacking.returncode, lacking.stderr.strip()) == (1, "missing: second")
    _wheel(wheels, "second")
    subprocess.run(make, check=True, capture_output=True)
    opened = tmp_path / "opened"
    zipfile.ZipFile(tmp_path / "b.zip").extractall(opened)
    check = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=opened, capture_output=True, check=False)
    assert check.returncode == 0, check.stdout
    named = {c["name"]: c for c in json.loads((opened / "sbom.cdx.json").read_text())["components"]}
    assert named["first"]["licenses"] == [{"license": {"name": "MIT"}}]
    assert (opened / "licences" / "first" / "licenses" / "LICENSE").read_text() == "MIT"
    install = [
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--find-links",
        "wheels",
        "--target",
        "there",
        "first",
    ]
    done = subprocess.run(
        [sys.executable, *install], cwd=opened, capture_output=True, text=True, check=False,
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (opened / "there" / "second.py").exists()
