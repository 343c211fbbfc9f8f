"""Signatures and encryption of WeChat's posts.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption_instructions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

PAD_TO = 32  # bytes; PKCS#7 with a block twice that of AES
NOISE = 16  # random bytes before the length


class Forged(Exception):
    """Not from the platform, or not for this account. The reason holds nothing of the message."""


def signature(token: str, *parts: str) -> str:
    """SHA-1 over the sorted token and parts, in hexadecimal."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode(), usedforsecurity=False).hexdigest()


def signed(given: str, token: str, *parts: str) -> bool:
    """Whether a signature is right; takes the same time wherever it is wrong."""
    return hmac.compare_digest(given.encode(), signature(token, *parts).encode())


class Sealer:
    """Encrypts and decrypts for one account. `key` is the console's EncodingAESKey, 43 characters."""

    def __init__(self, token: str, key: str, appid: str) -> None:
        self._token = token
        self._key = base64.b64decode(key + "=")
        self._appid = appid.encode()

    def open(self, sealed: str, given: str, timestamp: str, nonce: str) -> bytes:
        """The message inside; its signature is checked before anything is decrypted.

        Raises:
            Forged: wrong signature, broken, or meant for another account.
        """
        if not signed(given, self._token, timestamp, nonce, sealed):
            raise Forged("msg_signature")
        try:
            raw = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Forged("base64") from error
        if not raw or len(raw) % PAD_TO:
            raise Forged("length")
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(raw) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= PAD_TO or plain[-pad:] != bytes([pad]) * pad:
            raise Forged("padding")
        plain = plain[NOISE:-pad]
        if len(plain) < 4:
            raise Forged("length")
        (length,) = struct.unpack(">I", plain[:4])
        message, appid = plain[4 : 4 + length], plain[4 + length :]
        if len(message) != length or not hmac.compare_digest(appid, self._appid):
            raise Forged("appid")
        return message

    def seal(self, message: bytes) -> str:
        """Encrypt; base64."""
        plain = secrets.token_bytes(NOISE) + struct.pack(">I", len(message)) + message + self._appid
        pad = PAD_TO - len(plain) % PAD_TO
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def sign(self, sealed: str, timestamp: str, nonce: str) -> str:
        """The signature over a ciphertext."""
        return signature(self._token, timestamp, nonce, sealed)

    def _cipher(self) -> Cipher[CBC]:
        return Cipher(AES(self._key), CBC(self._key[:16]))
