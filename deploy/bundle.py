"""Make an offline bundle: wheels with checksums, what is in it (SBOM), licences, the newest holiday data.

    python deploy/bundle.py --to weihai-bot.zip

It installs on a machine of the same system and Python without any registry:

    pip install --no-index --find-links wheels weihai-digital-engineer-bot
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEWEST = ("holidays",)  # taken as new as there is: the State Council announces a year at a time
_LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.I)
README = """\
# 离线安装包

1. 核对：sha256sum -c SHA256SUMS
2. 安装：python3 -m venv venv
   venv/bin/pip install --no-index --find-links wheels weihai-digital-engineer-bot
3. 运行：venv/bin/python -m bot

要 {python}、{platform}。里面有什么：sbom.cdx.json；各自的许可证：licences/。
"""


@dataclass(frozen=True)
class Wheel:
    """One wheel, as its metadata say."""

    path: Path
    name: str
    version: str
    licence: str
    requires: tuple[str, ...]
    texts: tuple[tuple[str, bytes], ...]

    @property
    def sha256(self) -> str:
        """Its hash."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def read_wheel(path: Path) -> Wheel:
    """Read a wheel's name, version, licence, requirements and licence texts.

    Raises:
        ValueError: it holds no metadata.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        found = next((n for n in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)), None)
        if found is None:
            raise ValueError(f"{path.name}: no METADATA")
        headers = HeaderParser().parsestr(archive.read(found).decode("utf-8", "replace"))
        inside = found.removesuffix("METADATA")
        texts = [n for n in names if n.startswith(inside) and _LICENCE.search(n.removeprefix(inside))]
        classified = [c for c in headers.get_all("Classifier", []) if c.startswith("License ::")]
        licence = headers.get("License-Expression") or (classified or [""])[-1].rpartition(":: ")[2]
        return Wheel(
            path,
            headers["Name"],
            headers["Version"],
            licence or (headers.get("License") or " ").splitlines()[0][:80].strip(),
            tuple(headers.get_all("Requires-Dist", [])),
            tuple((n.removeprefix(inside), archive.read(n)) for n in texts if not n.endswith("/")),
        )


def collect(folder: Path, python: str = sys.executable) -> None:
    """Build our own wheel and fetch those of everything it needs, as constraints.txt pins them."""
    constraints = folder.parent / "constraints.txt"
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in pinned if line.partition("==")[0] not in NEWEST]
    constraints.write_text("\n".join(kept) + "\n", encoding="utf-8")
    command = [python, "-m", "pip", "wheel", "-q", "-w", str(folder), "-c", str(constraints), str(ROOT)]
    subprocess.run([*command, *NEWEST], check=True)  # noqa: S603 - our own words


def write(wheels: list[Path], target: Path) -> list[Wheel]:
    """Write the bundle of these wheels.

    Raises:
        ValueError: one is no wheel, or something that one of them needs is missing.
    """
    read = sorted((read_wheel(path) for path in wheels), key=lambda wheel: wheel.name.lower())
    if missing := sorted(set(_missing(read))):
        raise ValueError(f"missing: {', '.join(missing)}")
    files: dict[str, bytes] = {f"wheels/{w.path.name}": w.path.read_bytes() for w in read}
    for wheel in read:
        files.update({f"licences/{wheel.name}/{name}": text for name, text in wheel.texts})
    files["sbom.cdx.json"] = json.dumps(sbom(read), ensure_ascii=False, indent=1).encode()
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    files["README.md"] = README.format(python=version, platform=sys.platform).encode()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(name, data)
        archive.writestr("SHA256SUMS", sums)
    return read


def _missing(wheels: list[Wheel]) -> Iterator[str]:
    try:
        from packaging.requirements import Requirement
    except ImportError:  # pip brings its own
        from pip._vendor.packaging.requirements import Requirement  # type: ignore[assignment]

    held = {canonical(wheel.name) for wheel in wheels}
    for wheel in wheels:
        for text in wheel.requires:
            needed = Requirement(text)
            if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
                continue
            if canonical(needed.name) not in held:
                yield needed.name


def canonical(name: str) -> str:
    """A project's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def sbom(wheels: list[Wheel]) -> dict[str, object]:
    """What the bundle holds, as CycloneDX 1.5 (https://cyclonedx.org)."""
    components = [
        {
            "type": "library",
            "name": wheel.name,
            "version": wheel.version,
            "purl": f"pkg:pypi/{canonical(wheel.name)}@{wheel.version}",
            "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
            **({"licenses": [{"license": {"name": wheel.licence}}]} if wheel.licence else {}),
        }
        for wheel in wheels
    ]
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": made},
        "components": components,
    }


def main() -> int:
    """Make the bundle and say what is in it."""
    parser = argparse.ArgumentParser(description="an offline bundle")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE.zip")
    parser.add_argument("--wheels", type=Path, help="wheels that are there already: nothing is fetched")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheels = options.wheels or Path(folder) / "wheels"
        if options.wheels is None:
            collect(wheels)
        try:
            held = write(sorted(wheels.glob("*.whl")), options.to)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    newest = next((wheel.version for wheel in held if wheel.name == "holidays"), "–")
    print(f"{options.to}: {len(held)} wheels, holidays {newest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
