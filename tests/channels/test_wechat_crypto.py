"""Signatures, encryption and XML of WeChat's posts; vectors made by an independent implementation."""

from __future__ import annotations

import base64
import struct
from itertools import permutations
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.tencent import xml
from bot.channels.tencent.crypto import Forged, Sealer, signature, signed

TOKEN, KEY, APPID = "vectorToken01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx0123456789abcdef"
STAMP, NONCE = "1798600000", "nonce42"

# From wechatpy 1.8.18 with the token, key and appid above: message, Encrypt, MsgSignature.
VECTORS = [
    (
        "<xml><Content><![CDATA[退休了能报吗]]></Content></xml>",
        "b6vWuFZ+e4Fwb87q+LomONuY1ra2BRvhEjtbfJGOa/AGw44H+gyBIZpqNnB7lquTk1yJdpKxaNwVhIJVpFLsfFi/Ik0QHbM6"
        "h1NnrusS8qHIwCTZwWghNtglEEjb969M0ciiGpyYKUyfh4keezwy5FKWroXG4jlKs2+/YcY2L0Q=",
        "0fbf40576bd7cc0f6008529ee936a89749425b69",
    ),
    (
        "<x/>",
        "O4OffmJTWUJmrkyApkKoKD1c2E1fMjEZz92JB3hnoDAvinqCTdSf/RVgfuFtAPU7ZENJRgcqdRzhRe+zNjY3Qg==",
        "bbe6b93989bef6a64839a5544db1104b13e24805",
    ),
    (
        "字字字字字字字x",
        "l/dC45PrbAQaYDver+Pr86B+VWg2tdRU/ntB/FlSVP2vqExKYoXC4FYeEPa0j5nIek2pHXmqfIGz+2bum+wXAQ==",
        "69ac7bdaa549795d6f12daebe0884746693cc86c",
    ),
]


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(TOKEN, KEY, APPID)


def test_the_signature_is_over_the_sorted_parts() -> None:
    known = "9778b7df3881afaf79c7d2a0bb883589bec561e7"
    assert {signature(*parts) for parts in permutations((TOKEN, STAMP, NONCE))} == {known}
    assert signed(known, TOKEN, STAMP, NONCE)
    for wrong in ("", known.upper(), known[:-1], known[:-1] + "8", "签名"):
        assert not signed(wrong, TOKEN, STAMP, NONCE)


@pytest.mark.parametrize(("message", "sealed", "given_signature"), VECTORS)
def test_known_ciphertexts_open(sealer: Sealer, message: str, sealed: str, given_signature: str) -> None:
    assert sealer.sign(sealed, STAMP, NONCE) == given_signature
    assert sealer.open(sealed, given_signature, STAMP, NONCE).decode() == message


@given(st.binary(max_size=300))
def test_what_is_sealed_opens(message: bytes) -> None:
    sealer = Sealer(TOKEN, KEY, APPID)
    sealed = sealer.seal(message)
    assert len(base64.b64decode(sealed)) % 32 == 0
    assert sealer.open(sealed, sealer.sign(sealed, STAMP, NONCE), STAMP, NONCE) == message


def test_the_same_message_is_never_sealed_the_same(sealer: Sealer) -> None:
    assert sealer.seal(b"x") != sealer.seal(b"x")


def raw_seal(plain: bytes) -> str:
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def padded(plain: bytes) -> bytes:
    pad = 32 - len(plain) % 32
    return plain + bytes([pad]) * pad


def inner(message: bytes = b"<x/>", appid: str = APPID, length: int | None = None) -> bytes:
    told = len(message) if length is None else length
    return b"r" * 16 + struct.pack(">I", told) + message + appid.encode()


@pytest.mark.parametrize(
    ("sealed", "reason"),
    [
        ("", "length"),
        ("not base64!", "base64"),
        (base64.b64encode(b"x" * 16).decode(), "length"),
        (base64.b64encode(b"x" * 32).decode(), "padding"),
        (raw_seal(inner() + b"\x00" * (32 - len(inner()) % 32)), "padding"),
        (raw_seal(b"r" * 31 + b"\x21"), "padding"),  # 33
        (raw_seal(padded(b"r" * 16)), "length"),
        (raw_seal(padded(inner(length=10**9))), "appid"),
        (raw_seal(padded(inner(length=3))), "appid"),
        (raw_seal(padded(inner(appid="wx0000000000000000"))), "appid"),
        (raw_seal(padded(inner(appid=""))), "appid"),
    ],
)
def test_what_is_broken_or_meant_for_another_account_is_refused(
    sealer: Sealer, sealed: str, reason: str
) -> None:
    with pytest.raises(Forged) as caught:
        sealer.open(sealed, sealer.sign(sealed, STAMP, NONCE), STAMP, NONCE)
    assert str(caught.value) == reason


@pytest.mark.parametrize("changed", ["signature", "stamp", "nonce", "text", "token"])
def test_nothing_is_decrypted_without_the_right_signature(
    sealer: Sealer, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sealed, given_signature = VECTORS[0]
    stamp, nonce = STAMP, NONCE
    match changed:
        case "signature":
            given_signature = given_signature[::-1]
        case "stamp":
            stamp = "1798600001"
        case "nonce":
            nonce = "nonce43"
        case "text":
            sealed = "A" + sealed[1:]
        case "token":
            sealer = Sealer("another", KEY, APPID)

    def never(self: Any) -> Any:
        raise AssertionError("decrypted")

    monkeypatch.setattr(Sealer, "_cipher", never)
    with pytest.raises(Forged, match="msg_signature"):
        sealer.open(sealed, given_signature, stamp, nonce)


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>'
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml>",
        b"<xml><a></b></xml>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="nothing"?><xml/>',
        LAUGHS,
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>',
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
        b"<xml><Content>\x00</Content></xml>",
        b"<xml><Content>&#0;</Content></xml>",
    ],
)
def test_xml_that_is_broken_or_unsafe_is_refused(body: bytes) -> None:
    with pytest.raises(xml.Malformed):
        xml.read(body)


def test_deep_xml_is_read_or_refused_and_harms_nothing() -> None:
    assert xml.read(b"<xml>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</xml>") == {"a": ""}


@given(st.text())
def test_an_answer_says_what_was_meant_and_nothing_else(text: str) -> None:
    root = ElementTree.fromstring(xml.text_reply("o]]>x", "gh_1", 5, text + "]]><MsgType>evil"))
    assert [child.tag for child in root] == [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Content",
    ]
    assert root.findtext("ToUserName") == "o]]>x"
    kept = xml.without_control(text).replace("\r\n", "\n").replace("\r", "\n")
    assert root.findtext("Content") == kept + "]]><MsgType>evil"
