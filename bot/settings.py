"""Settings from the environment (`BOT_…`) and `.env`."""

from __future__ import annotations

import difflib
import os
import re
import ssl
from collections.abc import Mapping
from datetime import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.log import FORMATS, LEVELS
from bot.core.render import words
from bot.core.responsible import Responsible
from policy.calendar.quarters import Times
from policy.reading.digits import whole_number

PREFIX, ENV_FILE, ENCODING = "BOT_", ".env", "utf-8-sig"  # Windows writes a mark before the first name
# Where a question may go without being listed: inside this machine, or a network that is nobody else's.
_PRIVATE = [ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
_MODEL_URL = re.compile(
    r"https?://(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.-]+))(?::[0-9]{1,5})?(?:/[A-Za-z0-9_./~-]*)?"
)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")  # in a header
# A field of a template message and what goes into it: thing1=单位.
_TEMPLATE_FIELD = re.compile(r"([a-z_]{3,20}[0-9]{1,2})=(单位|季度|事项|截止)")
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - no address to open: this machine's


class BadSetting(Exception):
    """A setting cannot be used; the message says which one and why, in Chinese."""


class Settings(BaseSettings):
    """Everything an operator can set. Names are the field names with `BOT_` before them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_file_encoding=ENCODING, extra="ignore"
    )

    database_url: str = "sqlite:///weihai-bot.sqlite3"
    data_dir: Path = Path("data")
    secret_key: str | None = None
    secret_key_old: str | None = None
    cipher: Literal["aes", "sm"] = "aes"
    listen: str = "127.0.0.1:8000"
    public_url: str | None = None
    report_basis: Literal["quarter", "year", "total"] = "quarter"
    report_due: str = "24:00"
    report_closes: int | None = Field(default=None, ge=0, le=3650)
    responsible: str | None = Field(default=None, max_length=100)
    privacy_contact: str | None = Field(default=None, max_length=200)
    signature_years: int | None = Field(default=None, ge=1, le=100)
    processors: str | None = Field(default=None, max_length=500)
    embed_origins: str = ""
    api_key: str | None = None
    api_per_minute: int = Field(default=60, ge=1, le=6000)
    telegram_token: str | None = None
    telegram_base_url: str = "https://api.telegram.org/bot"
    telegram_webhook_secret: str | None = None
    telegram_name: str | None = None
    telegram_personal: bool = True
    wechat_appid: str | None = None
    wechat_secret: str | None = None
    wechat_token: str | None = None
    wechat_aes_key: str | None = None
    wechat_base_url: str = "https://api.weixin.qq.com"
    wechat_oauth: bool = False
    wechat_service: bool = False
    wechat_template: str | None = None
    wechat_template_fields: str = ""
    wecom_corpid: str | None = None
    wecom_agent: int | None = Field(default=None, ge=1, le=2**31)
    wecom_secret: str | None = None
    wecom_token: str | None = None
    wecom_aes_key: str | None = None
    wecom_robot_key: str | None = None
    wecom_base_url: str = "https://qyapi.weixin.qq.com"
    wecom_login: str = "/cgi-bin/gettoken"
    wecom_certificate: Path | None = None
    log: str = "text info"
    metrics_listen: str | None = None
    metrics_token: str | None = None
    model_url: str | None = None
    model_name: str | None = None
    model_key: str | None = None
    model_hosts: str = ""

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object, info: object) -> object:
        if isinstance(value, str) and not value.strip():
            field = cls.model_fields[info.field_name]  # type: ignore[attr-defined]
            return field.default
        return value.strip() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        if scheme == "sqlite":
            if not rest.strip("/") or ":memory:" in rest:
                raise ValueError("database_file")
            if not rest.startswith("/"):  # sqlite://bot.sqlite3: a slash is missing, the file would be a host
                raise ValueError("database")
            return value
        if scheme not in ("postgresql", "postgresql+psycopg"):
            raise ValueError("database")
        try:
            _ = urlsplit(value).port
        except ValueError:
            raise ValueError("database_port") from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _secret(cls, value: str | None) -> str | None:
        if value is not None and len(value) < 16:
            raise ValueError("secret")
        return value

    @field_validator("secret_key_old")
    @classmethod
    def _secrets_before(cls, value: str | None) -> str | None:
        if value is not None and any(len(one) < 16 for one in value.split()):
            raise ValueError("secret")
        return value

    @field_validator("report_due")
    @classmethod
    def _due(cls, value: str) -> str:
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", value) or value == "00:00":
            raise ValueError("report_due")
        return value

    @field_validator("log")
    @classmethod
    def _log(cls, value: str) -> str:
        wanted = value.lower().replace(",", " ").split()
        form = [word for word in wanted if word in FORMATS]
        level = [word for word in wanted if word in LEVELS]
        if len(form) + len(level) != len(wanted) or len(form) > 1 or len(level) > 1:
            raise ValueError("log")
        return f"{(form or ['text'])[0]} {(level or ['info'])[0]}"

    @field_validator("metrics_token")
    @classmethod
    def _metrics_token(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[!-~]{16,256}", value):
            raise ValueError("metrics_token")
        return value

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _listen(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        number = whole_number(port, longest=5)
        if not host or number is None or number > 65535:
            raise ValueError("listen")
        return value

    @field_validator("public_url", "telegram_base_url", "wechat_base_url", "wecom_base_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"^https?://[^\s/]+", value):
            raise ValueError("url")
        return value.rstrip("/") if value else value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#@]+", value):
            raise ValueError("public_url")  # our pages stand at the root: with a path no link would work
        return value

    @field_validator("embed_origins")
    @classmethod
    def _embed_origins(cls, value: str) -> str:
        if not all(_ORIGIN.fullmatch(one) for one in several(value)):
            raise ValueError("embed_origins")
        return value

    @field_validator("api_key")
    @classmethod
    def _api_key(cls, value: str | None) -> str | None:
        if value is not None and not all(re.fullmatch(r"[!-~]{16,256}", one) for one in several(value)):
            raise ValueError("api_key")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _token(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]{20,}", value):
            raise ValueError("telegram_token")
        return value

    @field_validator("telegram_name")
    @classmethod
    def _telegram_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_]{5,32}", value):
            raise ValueError("telegram_name")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value):
            raise ValueError("webhook_secret")
        return value

    @field_validator("wechat_appid")
    @classmethod
    def _appid(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{6,64}", value):
            raise ValueError("wechat_appid")
        return value

    @field_validator("wechat_token", "wecom_token")
    @classmethod
    def _wechat_token(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9]{3,32}", value):
            raise ValueError("wechat_token")
        return value

    @field_validator("wechat_aes_key", "wecom_aes_key")
    @classmethod
    def _aes_key(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9+/]{43}", value):
            raise ValueError("wechat_aes_key")
        return value

    @field_validator("wechat_template")
    @classmethod
    def _template(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{10,128}", value):
            raise ValueError("wechat_template")
        return value

    @field_validator("wechat_template_fields")
    @classmethod
    def _template_fields(cls, value: str) -> str:
        if not all(_TEMPLATE_FIELD.fullmatch(one) for one in several(value)):
            raise ValueError("wechat_template_fields")
        return value

    @field_validator("wecom_corpid")
    @classmethod
    def _corpid(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{2,64}", value):
            raise ValueError("wecom_corpid")
        return value

    @field_validator("wecom_robot_key")
    @classmethod
    def _robot_key(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{8,128}", value):
            raise ValueError("wecom_robot_key")
        return value

    @field_validator("wecom_login")
    @classmethod
    def _login(cls, value: str) -> str:
        if not re.fullmatch(r"/[A-Za-z0-9/._-]{1,128}", value):
            raise ValueError("wecom_login")
        return value

    @field_validator("wecom_certificate")
    @classmethod
    def _certificate(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=str(value))
            except (OSError, ValueError):
                raise ValueError("wecom_certificate") from None
        return value

    @field_validator("model_url")
    @classmethod
    def _model_url(cls, value: str | None) -> str | None:
        # No user in it, and nothing that two readers of addresses could take for two hosts.
        if value is not None and not _MODEL_URL.fullmatch(value):
            raise ValueError("model_url")
        return value.rstrip("/") if value else value

    @property
    def embedding(self) -> tuple[str, ...]:
        """The origins whose pages may show the chat in a frame."""
        return several(self.embed_origins.lower())

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The keys, of which each opens `/api`; without one there is no `/api`."""
        return several(self.api_key or "")

    @property
    def model_lacks(self) -> list[str]:
        """The settings that a model cannot do without, where some of its settings are there."""
        any_set = self.model_url or self.model_name or self.model_key or self.model_hosts
        needed = {"BOT_MODEL_URL": self.model_url, "BOT_MODEL_NAME": self.model_name}
        return [name for name, value in needed.items() if any_set and not value]

    @property
    def model_host_allowed(self) -> bool:
        """Whether the model's host is this machine, has a private address or was listed by the operator."""
        found = _MODEL_URL.fullmatch(self.model_url or "")
        if found is None:
            return False
        host = (found["v6"] or found["host"]).casefold()
        if host == "localhost" or host in self.model_hosts.casefold().replace(",", " ").split():
            return True
        try:
            address = ip_address(host)
        except ValueError:  # a name may lead anywhere
            return False
        return address.is_loopback or any(
            address in net for net in _PRIVATE if net.version == address.version
        )

    @property
    def wechat(self) -> bool:
        """Whether the WeChat channel is wanted and has what it cannot do without."""
        return bool(self.wechat_appid and self.wechat_token)

    @property
    def wechat_lacks(self) -> list[str]:
        """The settings that WeChat cannot do without, where some of its settings are there."""
        any_set = self.wechat_appid or self.wechat_token or self.wechat_secret or self.wechat_aes_key
        needed = {"BOT_WECHAT_APPID": self.wechat_appid, "BOT_WECHAT_TOKEN": self.wechat_token}
        return [name for name, value in needed.items() if any_set and not value]

    @property
    def notice_fields(self) -> dict[str, str]:
        """The fields of the template message of reminders, with what goes into each."""
        found = (_TEMPLATE_FIELD.fullmatch(one) for one in several(self.wechat_template_fields))
        return {one[1]: one[2] for one in found if one}

    @property
    def sends_notices(self) -> bool:
        """Whether WeChat's template messages are set."""
        return bool(self.wechat and self.wechat_secret and self.wechat_template and self.notice_fields)

    @property
    def wecom(self) -> bool:
        """Whether the application of 企业微信 is wanted; then it has all it cannot do without."""
        return self.wecom_corpid is not None

    @property
    def wecom_account(self) -> str:
        """The application among all of them: an agent's number counts within its corporation."""
        return f"{self.wecom_corpid}:{self.wecom_agent}"

    @property
    def wecom_lacks(self) -> list[str]:
        """The settings that the application cannot do without, where some of its settings are there."""
        needed = {
            "BOT_WECOM_CORPID": self.wecom_corpid,
            "BOT_WECOM_AGENT": self.wecom_agent,
            "BOT_WECOM_SECRET": self.wecom_secret,
            "BOT_WECOM_TOKEN": self.wecom_token,
            "BOT_WECOM_AES_KEY": self.wecom_aes_key,
        }
        return [name for name, value in needed.items() if any(needed.values()) and not value]

    @property
    def answers_for_data(self) -> Responsible:
        """Who answers for people's data, as far as it was said."""
        return Responsible(
            self.responsible or "", self.privacy_contact or "", self.signature_years, self.processors or ""
        )

    @property
    def times(self) -> Times:
        """When reports are due and quarters close."""
        due = None if self.report_due == "24:00" else time.fromisoformat(self.report_due)
        return Times(due, self.report_closes)

    @property
    def everywhere(self) -> bool:
        """Whether it listens on every address of this machine."""
        return self.address[0] in EVERYWHERE

    @property
    def url(self) -> str:
        """Where a browser reaches us, as far as the settings tell."""
        return self.url_at(self.address[1])

    def url_at(self, port: int) -> str:
        """Where a browser reaches us when it listens on this port (0 is known only then)."""
        host = EVERYWHERE.get(self.address[0], self.address[0])
        return self.public_url or f"http://{'[' + host + ']' if ':' in host else host}:{port}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return _address(self.listen)

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        """Host and port on which only the metrics and the health checks are, if they have their own."""
        return _address(self.metrics_listen) if self.metrics_listen else None


def several(value: str) -> tuple[str, ...]:
    """The values of a setting that takes several, parted by commas or blanks."""
    return tuple(dict.fromkeys(value.replace(",", " ").split()))


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def load_settings() -> Settings:
    """The settings in force.

    Raises:
        BadSetting: a value cannot be used; no value is repeated, it may be a secret.
    """
    _check_file(Path(ENV_FILE))
    try:
        found = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        numbers = ("report_closes", "wecom_agent", "cipher", "signature_years", "api_per_minute")
        reason = field if field in numbers else _reason(dict(first))
        raise bad(PREFIX + field.upper(), reason) from None
    if found.wechat_lacks:
        raise bad(" ".join(found.wechat_lacks), "wechat")
    if bool(found.wechat_template) != bool(found.wechat_template_fields):
        missing = "BOT_WECHAT_TEMPLATE_FIELDS" if found.wechat_template else "BOT_WECHAT_TEMPLATE"
        raise bad(missing, "wechat_template_pair")
    if found.wecom_lacks:
        raise bad(" ".join(found.wecom_lacks), "wecom")
    if found.model_lacks:
        raise bad(" ".join(found.model_lacks), "model")
    if found.model_url and not found.model_host_allowed:
        raise bad("BOT_MODEL_URL", "model_host")
    if found.embedding and not (found.public_url or "").startswith("https:"):
        raise bad("BOT_EMBED_ORIGINS", "embed_https")
    if found.wechat_oauth and not (found.wechat and found.wechat_secret and found.public_url):
        raise bad("BOT_WECHAT_OAUTH", "wechat_oauth")
    if found.telegram_webhook_secret and not found.public_url:
        raise bad("BOT_TELEGRAM_WEBHOOK_SECRET", "webhook_url")
    return found


def bad(name: str, reason: str) -> BadSetting:
    """What to raise for a setting that cannot be used."""
    return BadSetting(words("cli/bad_setting.j2", {"name": name, "reason": reason}))


def _check_file(file: Path) -> None:
    """Refuse a `.env` that is no UTF-8 text: it would be a traceback, or be read as if it were empty."""
    if not file.is_file():
        return
    try:
        text = file.read_bytes().decode(ENCODING)
    except OSError:
        raise bad(ENV_FILE, "unreadable") from None
    except UnicodeDecodeError:
        raise bad(ENV_FILE, "encoding") from None
    if "\x00" in text:
        raise bad(ENV_FILE, "encoding")


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Names that look like settings of ours and are none, each with the nearest there is ("": none near)."""
    known = [PREFIX + field.upper() for field in Settings.model_fields]
    given = {
        **dotenv_values(ENV_FILE, encoding=ENCODING),
        **(os.environ if environment is None else environment),
    }
    found = []
    for name in sorted({n.upper() for n in given}):
        near = difflib.get_close_matches(name, known, 1, 0.85)
        if name not in known and (name.startswith(PREFIX) or near):
            found.append((name, (near or difflib.get_close_matches(name, known, 1) or [""])[0]))
    return found


def _reason(error: dict[str, object]) -> str:
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return str(error["type"])
