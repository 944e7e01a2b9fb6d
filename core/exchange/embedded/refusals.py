"""Refusals: the error replies of the venue, word for word."""

from typing import Final

import msgspec

from core.exchange.contract import Reply

JSON_TYPE: Final = "application/json; charset=utf-8"
TEXT_TYPE: Final = "text/plain; charset=utf-8"
CUT: Final = Reply(0, {}, b"")
"""Stands for a connection that broke without an answer."""
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_ENUM: Final = "Expect a valid enumeration value."
_INTEGER: Final = 'Type "integer_int64" expects an input value.'


class Refusal(Exception):
    """A request the venue answers with an error."""

    def __init__(self, code: str, message: str, status: int = _BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def reply(self) -> Reply:
        """Return the JSON error reply."""
        return Reply(self.status, {"content-type": JSON_TYPE}, msgspec.json.encode(self.wire()))

    def wire(self) -> dict[str, str]:
        """Return code and message."""
        return {"code": self.code, "message": self.message}


class TextRefusal(Refusal):
    """A request that could not be parsed: plain text."""

    def __init__(self, text: str, status: int = _BAD_REQUEST) -> None:
        super().__init__("INVALID_CLIENT_REQUEST", text, status)

    def reply(self) -> Reply:
        """Return the plain text reply."""
        return Reply(self.status, {"content-type": TEXT_TYPE}, self.message.encode())


def client_error(message: str) -> Refusal:
    """Return the catch-all refusal."""
    return Refusal("INVALID_CLIENT_REQUEST", message)


def order_not_found() -> Refusal:
    """Return the refusal for an order that is no longer open."""
    return client_error("Order not found")


def unknown_symbol() -> Refusal:
    """Return the refusal for an unknown market."""
    return client_error("Invalid market symbol")


def not_found() -> TextRefusal:
    """Return the reply of an unknown path."""
    return TextRefusal("not found", _NOT_FOUND)


def missing_parameter(name: str, kind: str = "string") -> TextRefusal:
    """Return the refusal for a required parameter that is absent."""
    return TextRefusal(f'failed to parse parameter `{name}`: Type "{kind}" expects an input value.')


def bad_integer(name: str, value: str) -> TextRefusal:
    """Return the refusal for a parameter that is not an integer."""
    if not value:
        return TextRefusal(f"failed to parse parameter `{name}`: {_INTEGER}")
    reason = "invalid digit found in string"
    return TextRefusal(f'failed to parse parameter `{name}`: failed to parse "int64": {reason}')


def bad_enum(name: str, kind: str) -> TextRefusal:
    """Return the refusal for a parameter outside its enum."""
    return TextRefusal(f'failed to parse parameter `{name}`: failed to parse "{kind}": {_ENUM}')


def bad_payload(reason: str, payload: str) -> TextRefusal:
    """Return the refusal for a body that could not be parsed."""
    return TextRefusal(
        f"parse request payload error: {reason} (occurred while parsing {payload!s})"
    )


def bad_field(kind: str, reason: str, payload: str) -> TextRefusal:
    """Return the refusal for one field of a body."""
    return bad_payload(f'failed to parse "{kind}": {reason}', f'"{payload}"')


def bad_enum_field(kind: str, payload: str) -> TextRefusal:
    """Return the refusal for a body field outside its enum."""
    return bad_field(kind, _ENUM, payload)
