"""The one secret: it encrypts telephone numbers and hashes one-time codes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class Keys:
    """Keys derived from BOT_SECRET_KEY, one per purpose."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._box: Fernet | None = None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose."""
        return hashlib.blake2b(
            purpose.encode(), key=hashlib.sha256(self._secret).digest(), digest_size=32
        ).digest()

    @property
    def codes(self) -> bytes:
        """Key for hashing one-time codes."""
        return self.derive("codes")

    def seal(self, text: str) -> str:
        """Encrypt a short text."""
        return self._fernet().encrypt(text.encode()).decode()

    def open(self, sealed: str | None) -> str | None:
        """Decrypt what `seal` made; None when there is nothing or the key is another one."""
        if not sealed:
            return None
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def _fernet(self) -> Fernet:
        if self._box is None:
            self._box = Fernet(base64.urlsafe_b64encode(self.derive("telephones")))
        return self._box


def load_keys(secret: str | None, data_dir: Path) -> Keys:
    """Keys from the setting, or from the data folder, where a secret is made when absent.

    Raises:
        OSError: the data folder cannot be written.
    """
    if secret:
        return Keys(secret)
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        fresh = data_dir / f"secret.key.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32), encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # atomic: of two processes starting at once, one wins
        fresh.unlink()
    return Keys(path.read_text(encoding="ascii").strip())
