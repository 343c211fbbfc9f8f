"""Sealing and hashing, each by the name of its algorithm, so that another can take over.

`fernet` (AES-128-CBC with HMAC-SHA256) and `hmac-sha256` are the common ones, `sm4-sm3` (SM4-CTR, then
HMAC-SM3) and `hmac-sm3` the national ones (GB/T 32907, GB/T 32905).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

NONCE, TAG = 16, 32  # bytes, of SM4-CTR and HMAC-SM3


class CannotOpen(Exception):
    """It was sealed with another key, or changed since."""


class Sealer(Protocol):
    """One way of sealing."""

    def seal(self, content: bytes) -> str:
        """Return the sealed text, without the algorithm's name."""

    def open(self, sealed: str) -> bytes:
        """Return what was sealed.

        Raises:
            CannotOpen: by another key, or it was changed.
        """


class FernetSealer:
    """AES-128-CBC with HMAC-SHA256, as `cryptography` puts them together."""

    def __init__(self, secret: bytes) -> None:
        self._box = Fernet(base64.urlsafe_b64encode(derived(secret, "telephones")))

    def seal(self, content: bytes) -> str:
        """Return the token."""
        return self._box.encrypt(content).decode()

    def open(self, sealed: str) -> bytes:
        """Return what was sealed; raises `CannotOpen`."""
        try:
            return self._box.decrypt(sealed.encode())
        except InvalidToken as error:
            raise CannotOpen from error


class Sm4Sealer:
    """SM4-CTR under a fresh nonce, and HMAC-SM3 over nonce and cipher text."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac_sm3(secret, b"seal:sm4")[:16]
        self._tag_key = hmac_sm3(secret, b"seal:sm3")

    def seal(self, content: bytes) -> str:
        """Return nonce, cipher text and tag as URL-safe Base64."""
        nonce = os.urandom(NONCE)
        sealer = Cipher(algorithms.SM4(self._key), modes.CTR(nonce)).encryptor()
        body = nonce + sealer.update(content) + sealer.finalize()
        return base64.urlsafe_b64encode(body + hmac_sm3(self._tag_key, body)).decode()

    def open(self, sealed: str) -> bytes:
        """Return what was sealed; raises `CannotOpen`."""
        try:
            whole = base64.urlsafe_b64decode(sealed.encode())
        except (ValueError, binascii.Error) as error:
            raise CannotOpen from error
        body, tag = whole[:-TAG], whole[-TAG:]
        check = HMAC(self._tag_key, hashes.SM3())
        check.update(body)
        try:
            check.verify(tag)
        except InvalidSignature as error:
            raise CannotOpen from error
        opener = Cipher(algorithms.SM4(self._key), modes.CTR(body[:NONCE])).decryptor()
        return opener.update(body[NONCE:]) + opener.finalize()


SEALERS: dict[str, type[FernetSealer] | type[Sm4Sealer]] = {"fernet": FernetSealer, "sm4-sm3": Sm4Sealer}
# A choice of algorithms: how it seals, how it hashes.
SUITES = {"aes": ("fernet", "hmac-sha256"), "sm": ("sm4-sm3", "hmac-sm3")}


def derived(secret: bytes, purpose: str) -> bytes:
    """Return the 32 bytes that a secret has for one purpose."""
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha256(secret).digest(), digest_size=32).digest()


def keyed_hash(algorithm: str, secret: bytes, purpose: str, content: bytes) -> str:
    """Return the hash of something under a secret, after the name of its algorithm.

    Raises:
        KeyError: there is no such algorithm.
    """
    makers = {"hmac-sha256": hmac_sha256, "hmac-sm3": hmac_sm3}
    return f"{algorithm}:{makers[algorithm](derived(secret, purpose), content).hex()}"


def hmac_sha256(key: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA256."""
    return _hmac(key, content, hashes.SHA256())


def hmac_sm3(key: bytes, content: bytes) -> bytes:
    """Return HMAC-SM3."""
    return _hmac(key, content, hashes.SM3())


def _hmac(key: bytes, content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    made = HMAC(key, algorithm)
    made.update(content)
    return made.finalize()


def is_offered(suite: str) -> bool:
    """Tell whether the installed `cryptography` has the algorithms of a suite."""
    try:
        SEALERS[SUITES[suite][0]](b"?" * 16).seal(b"?")
    except UnsupportedAlgorithm:
        return False
    return True
