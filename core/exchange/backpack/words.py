"""Small readings that streams and REST replies share."""

from decimal import Decimal, InvalidOperation

from core.domain.ids import ClientOrderId
from core.domain.order import LiquiditySide


def liquidity_side(is_maker: bool | None) -> LiquiditySide:  # noqa: FBT001 - the wire's own form
    """Name who gave liquidity."""
    if is_maker is None:
        return LiquiditySide.UNKNOWN
    return LiquiditySide.MAKER if is_maker else LiquiditySide.TAKER


def client_order_id_of(value: int | str | None) -> ClientOrderId | None:
    """Read a client id: a number, or its digits as text; other words are not ours."""
    if isinstance(value, str):
        return ClientOrderId(int(value)) if value.isdecimal() else None
    return None if value is None else ClientOrderId(value)


def asked_quantity(quantity: Decimal | None, waiting: str | int | None) -> Decimal:
    """Return an order's quantity; a waiting trigger has it elsewhere, or only as a share."""
    if quantity:
        return quantity
    try:
        return Decimal(waiting or 0)
    except InvalidOperation:
        return Decimal(0)
