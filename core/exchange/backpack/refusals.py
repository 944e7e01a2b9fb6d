"""What a reply proves: done, refused before acceptance, or nothing (5.1, 5.2)."""

from enum import StrEnum

import msgspec

from core.exchange.backpack.constants import (
    EXPIRED_MESSAGE,
    NOT_FOUND_CODE,
    NOT_FOUND_MESSAGE,
    PARSE_REFUSALS,
    REFUSALS,
)
from core.exchange.contract import Reply

_SHOWN = 200
_FIRST_ERROR = 400
_SERVER_ERROR = 500
_TOO_MANY = 429


class Outcome(StrEnum):
    """What is known after a reply."""

    DONE = "done"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"


class ReplyError(msgspec.Struct, frozen=True, gc=False):
    """An error reply: the venue's code, or a name for text without one."""

    code: str
    message: str

    @property
    def is_not_found(self) -> bool:
        """Whether it says that there is no such order."""
        return self.code == NOT_FOUND_CODE or self.message == NOT_FOUND_MESSAGE

    @property
    def is_expired(self) -> bool:
        """Whether our clock, or the way, was too slow."""
        return self.message == EXPIRED_MESSAGE


class _Coded(msgspec.Struct, gc=False):
    code: str
    message: str = ""


def reply_error(reply: Reply) -> ReplyError:
    """Read an error reply: JSON, else the first 200 characters of whatever came."""
    try:
        coded = msgspec.json.decode(reply.body, type=_Coded)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = reply.body[:_SHOWN].decode("utf-8", "replace").strip()
        code = "PARSE" if text.startswith(PARSE_REFUSALS) else f"HTTP_{reply.status}"
        return ReplyError(code, text)
    return ReplyError(coded.code, coded.message[:_SHOWN])


def outcome_of(reply: Reply) -> Outcome:
    """Judge the reply to an order placement."""
    if reply.status < _FIRST_ERROR:
        return Outcome.DONE
    if reply.status >= _SERVER_ERROR or reply.status == _TOO_MANY:
        return Outcome.AMBIGUOUS
    code = reply_error(reply).code
    return Outcome.REFUSED if code in REFUSALS or code == "PARSE" else Outcome.AMBIGUOUS
