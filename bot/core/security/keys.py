"""The one secret: it encrypts telephone numbers and hashes one-time codes."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm

from bot.core.render import words
from bot.core.security.ciphers import SEALERS, SUITES, CannotOpen, Sealer, derived, keyed_hash

FILE, FILE_BEFORE = "secret.key", "secret.key.old"  # in the data folder; the second while it is changed
_BARE = "gAAAA"  # how a value begins that was sealed before values carried their algorithm's name
_SEALED = re.compile(
    rf"(?:(?:{'|'.join(SEALERS)}):[A-Za-z0-9_-]{{20,}}={{0,2}}|{_BARE}[A-Za-z0-9_-]{{70,}}={{0,2}})"
)


class CodeKeys:
    """What one-time codes are hashed with: the key in force, and those that older hashes rest on."""

    def __init__(self, algorithm: str, secret: bytes, older: Sequence[bytes]) -> None:
        self._algorithm = algorithm
        self._secrets = (secret, *older)

    def hash(self, code: str) -> str:
        """Return the hash that is stored, with the name of its algorithm."""
        return keyed_hash(self._algorithm, self._secrets[0], "codes", code.encode())

    def known(self, code: str) -> list[str]:
        """Return every hash under which the code may be stored."""
        found = [self.hash(code)]
        for secret in self._secrets:
            plain = keyed_hash("hmac-sha256", secret, "codes", code.encode())
            found += [plain, plain.partition(":")[2]]  # without a name: from before there were others
            if self._algorithm != "hmac-sha256":
                found.append(keyed_hash(self._algorithm, secret, "codes", code.encode()))
        return list(dict.fromkeys(found))


class Keys:
    """Keys derived from BOT_SECRET_KEY, one per purpose; `older` ones only read."""

    def __init__(self, secret: str, older: Sequence[str] = (), suite: str = "aes") -> None:
        self._secret = secret.encode()
        self._older = tuple(one.encode() for one in dict.fromkeys(older) if one != secret)
        self._seals_by, self._hashes_by = SUITES[suite]
        self._sealers: dict[tuple[str, bytes], Sealer] = {}
        self.unread = 0  # values that `read` could not open

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose."""
        return derived(self._secret, purpose)

    def derive_older(self, purpose: str) -> list[bytes]:
        """The same of the older keys: what they signed may still be about."""
        return [derived(secret, purpose) for secret in self._older]

    @cached_property
    def codes(self) -> CodeKeys:
        """What one-time codes are hashed with."""
        return CodeKeys(self._hashes_by, self._secret, self._older)

    def seal(self, text: str) -> str:
        """Encrypt a short text; the algorithm's name stands before it."""
        return f"{self._seals_by}:{self._sealer(self._seals_by, self._secret).seal(text.encode())}"

    def open(self, sealed: str | None) -> str | None:
        """Decrypt what `seal` made; None when there is nothing or no key fits."""
        if not sealed:
            return None
        name, colon, body = sealed.partition(":")
        name, body = (name, body) if colon else ("fernet", sealed)
        if name not in SEALERS:
            return None
        for secret in (self._secret, *self._older):
            try:
                return self._sealer(name, secret).open(body).decode()
            except (CannotOpen, UnsupportedAlgorithm, UnicodeDecodeError):
                continue
        return None

    def read(self, sealed: str | None) -> str:
        """Decrypt for people: "" when there is nothing; says so where no key fits, never just blank."""
        opened = self.open(sealed)
        if opened is None and sealed:
            self.unread += 1
            return words("messages.unreadable")
        return opened or ""

    def is_current(self, sealed: str) -> bool:
        """Tell whether a value is sealed with the key and the algorithm in force."""
        name, _, body = sealed.partition(":")
        if name != self._seals_by:
            return False
        try:
            self._sealer(name, self._secret).open(body)
        except CannotOpen:
            return False
        return True

    @property
    def fingerprint(self) -> str:
        """What tells this key from others without telling it."""
        return keyed_hash(self._hashes_by, self._secret, "fingerprint", b"")

    def is_mine(self, fingerprint: str) -> bool:
        """Tell whether it is the fingerprint of the key in force, by whichever algorithm."""
        return fingerprint in _fingerprints(self._secret)

    def has_older(self, fingerprint: str) -> bool:
        """Tell whether it is that of one of the older keys."""
        return any(fingerprint in _fingerprints(secret) for secret in self._older)

    def _sealer(self, name: str, secret: bytes) -> Sealer:
        if (name, secret) not in self._sealers:
            self._sealers[name, secret] = SEALERS[name](secret)
        return self._sealers[name, secret]


def _fingerprints(secret: bytes) -> list[str]:
    found = []
    for _, algorithm in SUITES.values():
        with contextlib.suppress(UnsupportedAlgorithm):
            found.append(keyed_hash(algorithm, secret, "fingerprint", b""))
    return found


def is_sealed(text: str) -> bool:
    """Tell whether a text looks like what `Keys.seal` made."""
    return _SEALED.fullmatch(text) is not None


def read_key(data_dir: Path, name: str = FILE) -> str | None:
    """Return the secret kept in the data folder; None when there is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return (data_dir / name).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None


def make_key(data_dir: Path) -> str:
    """Return the secret kept in the data folder, made when absent.

    Raises:
        OSError: the data folder cannot be written.
    """
    path = data_dir / FILE
    if not path.exists():
        fresh = _fresh(data_dir)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # atomic: of two processes starting at once, one wins
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def change_key(data_dir: Path) -> None:
    """Put a new secret in place of the one in the data folder, which stays beside it until `drop_before`.

    Raises:
        OSError: the data folder cannot be written.
    """
    with contextlib.suppress(FileExistsError):
        os.link(data_dir / FILE, data_dir / FILE_BEFORE)
    _fresh(data_dir).replace(data_dir / FILE)


def drop_before(data_dir: Path) -> None:
    """Remove the secret before, once nothing is sealed with it."""
    (data_dir / FILE_BEFORE).unlink(missing_ok=True)


def _fresh(data_dir: Path) -> Path:
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = data_dir / f"{FILE}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with fresh.open("w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def load_keys(secret: str | None, older: str | None, suite: str, data_dir: Path) -> Keys | None:
    """Return the keys in force, older ones beside them; None when there is none yet.

    A key in the data folder reads what was sealed before `BOT_SECRET_KEY` was set.

    Raises:
        OSError: the data folder cannot be read.
    """
    kept, before = read_key(data_dir), read_key(data_dir, FILE_BEFORE)
    current = secret or kept
    others = [*(older or "").split(), *(one for one in (kept, before) if one)]
    return Keys(current, others, suite) if current else None
