"""WeChat's XML: posts read safely, answers written so that no text can end its own section."""

from __future__ import annotations

import re
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not in XML 1.0
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


class Malformed(Exception):
    """Not an XML message; or one with entities or a document type, which no platform sends."""


def read(body: bytes) -> dict[str, str]:
    """The elements of a post, one level deep: name → text; and what a scanner read, which stands deeper.

    Raises:
        Malformed: it cannot be read, or is not safe to read.
    """
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Malformed(type(error).__qualname__) from error
    elements = [*root.findall("ScanCodeInfo/*"), *root]
    return {child.tag: (child.text or "").strip("\r\n") for child in elements}


def without_control(text: str) -> str:
    """The text without what XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def literal(text: str) -> str:
    """A text in which nothing is a link or a control character, whoever wrote it."""
    return _TAG.sub("＜", without_control(text))


def _section(text: str) -> str:
    plain = without_control(text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{plain}]]>"


def text_reply(to: str, sender: str, at: int, text: str) -> bytes:
    """A passive answer. `at`: seconds since 1970."""
    return (
        f"<xml><ToUserName>{_section(to)}</ToUserName><FromUserName>{_section(sender)}</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_section(text)}</Content></xml>"
    ).encode()


def to_staff(to: str, sender: str, at: int) -> bytes:
    """A passive answer that hands the message to the account's own staff. `at`: seconds since 1970.

    https://developers.weixin.qq.com/doc/service/en/guide/product/kf/forwarding.html
    """
    return (
        f"<xml><ToUserName>{_section(to)}</ToUserName><FromUserName>{_section(sender)}</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[transfer_customer_service]]></MsgType></xml>"
    ).encode()


def sealed_reply(sealed: str, signature: str, timestamp: str, nonce: str) -> bytes:
    """The envelope of an encrypted answer."""
    return (
        f"<xml><Encrypt>{_section(sealed)}</Encrypt><MsgSignature>{_section(signature)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{_section(nonce)}</Nonce></xml>"
    ).encode()
