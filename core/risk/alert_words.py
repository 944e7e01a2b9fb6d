"""What alerts about orders, foreign hands and limits say (risk-and-faults section 9). Pure.

Ids are stable while the cause is the same, so that an open alert is found again.
"""

from typing import Final

from core.domain.alert import Alert, AlertNumber, AlertOption, Severity
from core.domain.ids import AlertId
from core.risk.alerts import ACKNOWLEDGE, CANCEL_OWN, KEEP, REDUCE

_SECOND: Final = 1_000_000_000
_WARNED_FOR: Final = 60 * _SECOND
_CRITICAL_FOR: Final = 30 * _SECOND
UNKNOWN_PREFIX: Final = "unknown/"
LONG_UNKNOWN_PREFIX: Final = "unknown-long/"
UNREADABLE_PREFIX: Final = "unreadable/"
FOREIGN_PREFIX: Final = "foreign/"
SYSTEM_PREFIX: Final = "system-fill/"
PRICE_PREFIX: Final = "average-price/"
LIMIT_PREFIX: Final = "limit/"
NEAR_LIQUIDATION_PREFIX: Final = "liquidation-near/"
AT_LIQUIDATION_PREFIX: Final = "liquidation-now/"
_ACK: Final = AlertOption(key=ACKNOWLEDGE, label="Acknowledge", effect="Closes this alert.")


def unknown_order(number: int, market: str, secs: int, at: int) -> Alert:
    """Word an order whose fate is not known for a while."""
    return _warning(
        f"{UNKNOWN_PREFIX}{number}",
        market,
        f"Order {number} has no answer",
        f"The fate of order {number} in {market} is not known since {secs} s; it is being proved. "
        "It keeps its reservation and is not sent again.",
        (AlertNumber("Unknown for", f"{secs} s"),),
        at,
    )


def long_unknown(market: str, numbers: tuple[int, ...], secs: int, at: int) -> Alert:
    """Word a market with an order of unknown fate; it may only reduce already."""
    orders = ", ".join(str(number) for number in numbers[:6])
    return Alert(
        alert_id=AlertId(f"{LONG_UNKNOWN_PREFIX}{market}"),
        severity=Severity.CRITICAL,
        scope=market,
        title="Order of unknown fate",
        cause=f"Order {orders} in {market} is unknown for {secs} s. The market may only reduce "
        "until it is proved what became of it.",
        numbers=(AlertNumber("Unknown for", f"{secs} s"), AlertNumber("Orders", orders)),
        options=(
            AlertOption(
                key=CANCEL_OWN, label="Cancel orders", effect="Cancels own orders in the market."
            ),
            AlertOption(key=KEEP, label="Keep orders", effect="They go on resting."),
        ),
        safe_default=CANCEL_OWN,
        raised_at=at,
        deadline=at + _CRITICAL_FOR,
    )


def overfilled(number: int, market: str, asked: str, filled: str, at: int) -> Alert:
    """Word an order that filled beyond what it asked; the market is halted already."""
    return _emergency(
        f"overfill/{number}/{filled}",
        market,
        "Order filled beyond its quantity",
        f"Order {number} asked for {asked} and filled {filled}. {market} is halted; a person has "
        "to look before it trades again.",
        (AlertNumber("Asked", asked), AlertNumber("Filled", filled)),
        at,
    )


def late_fill(number: int, market: str, state: str, quantity: str, at: int) -> Alert:
    """Word a fill that came after the end of its order."""
    return _warning(
        f"late-fill/{number}/{at}",
        market,
        "Fill after the end of its order",
        f"Order {number} was {state}, then a fill of {quantity} came. It is booked.",
        (AlertNumber("Fill", quantity), AlertNumber("Order was", state)),
        at,
    )


def system_fill(market: str, text: str, at: int) -> Alert:
    """Word an execution of the venue itself: liquidation, ADL, backstop, conversion."""
    return Alert(
        alert_id=AlertId(f"{SYSTEM_PREFIX}{market}/{at}"),
        severity=Severity.CRITICAL,
        scope=market,
        title="The venue traded on the account",
        cause=f"Liquidation, deleveraging or conversion in {market}: {text}. Booked in SYSTEM.",
        numbers=(AlertNumber("Execution", text),),
        options=(
            AlertOption(
                key=REDUCE,
                label="Only reduce",
                effect="The market may only reduce until you resume; own orders are cancelled.",
            ),
            AlertOption(key=KEEP, label="Go on", effect="Nothing else happens.", adds_risk=True),
        ),
        safe_default=REDUCE,
        raised_at=at,
        deadline=at + _CRITICAL_FOR,
    )


def near_liquidation(account: str, market: str, percent: str, at: int) -> Alert:
    """Word a position whose liquidation is near."""
    return Alert(
        alert_id=AlertId(f"{NEAR_LIQUIDATION_PREFIX}{account}/{market}"),
        severity=Severity.CRITICAL,
        scope=market,
        title="Liquidation is near",
        cause=f"{market} may move {percent} % against the position before it is liquidated.",
        numbers=(AlertNumber("Distance", f"{percent} %"), AlertNumber("Asks below", "10 %")),
        options=(
            AlertOption(
                key=REDUCE,
                label="Only reduce",
                effect="The market may only reduce until it is wider; own orders are cancelled.",
            ),
            AlertOption(key=KEEP, label="Go on", effect="Nothing else happens.", adds_risk=True),
        ),
        safe_default=REDUCE,
        raised_at=at,
        deadline=at + _CRITICAL_FOR,
    )


def at_liquidation(account: str, market: str, percent: str, at: int) -> Alert:
    """Word a position about to be liquidated; the market may only reduce already."""
    return _emergency(
        f"{AT_LIQUIDATION_PREFIX}{account}/{market}",
        market,
        "Liquidation is very near",
        f"{market} may move {percent} % against the position before it is liquidated. It may only "
        "reduce, its entries are being cancelled. Close a part or add margin.",
        (AlertNumber("Distance", f"{percent} %"), AlertNumber("Asks below", "5 %")),
        at,
    )


def foreign(account: str, texts: tuple[str, ...], at: int) -> Alert:
    """Word orders or positions that are not ours; they count in every limit."""
    return _warning(
        f"{FOREIGN_PREFIX}{account}",
        account,
        "Orders or positions that are not ours",
        f"{'; '.join(texts[:3])}. They are booked as EXTERNAL, count in every limit, and are never "
        "cancelled by themselves.",
        tuple(AlertNumber("Not ours", text) for text in texts[:6]),
        at,
        is_standing=True,
    )


def second_instance(account: str, text: str, at: int) -> Alert:
    """Word another engine on the same account; trading is halted already."""
    return _emergency(
        f"second-instance/{account}/{at}",
        account,
        "A second engine trades on the account",
        f"{text} carries an id built as ours are and does not stand in our journal. Trading is "
        "halted. Stop the other engine before you resume.",
        (AlertNumber("Order", text),),
        at,
    )


def unreadable(account: str, secs: int, at: int) -> Alert:
    """Word a venue that does not answer; it is asked again and again."""
    return _warning(
        f"{UNREADABLE_PREFIX}{account}",
        account,
        "The account cannot be read",
        f"The venue gave no information on {account} for {secs} s. Entries are denied 30 s after "
        "the last match; it is asked again every minute, at once when "
        "it shows life.",
        (AlertNumber("No information for", f"{secs} s"),),
        at,
        is_standing=True,
    )


def average_price(account: str, texts: tuple[str, ...], at: int) -> Alert:
    """Word average prices that differ though the positions are equal."""
    return _warning(
        f"{PRICE_PREFIX}{account}",
        account,
        "Average price differs from the venue",
        f"{'; '.join(texts[:3])}. Quantities and balances are equal.",
        tuple(AlertNumber("Average", text) for text in texts[:6]),
        at,
        is_standing=True,
    )


def near_limit(rule: str, title: str, used: str, limit: str, percent: int, at: int) -> Alert:
    """Word a limit of which four fifths are used."""
    return _warning(
        f"{LIMIT_PREFIX}{rule}/{title}",
        "account",
        f"{rule} {title} near its limit",
        f"{title} is at {percent} % of its limit ({used} of {limit}).",
        (AlertNumber("Used", used), AlertNumber("Limit", limit)),
        at,
    )


def not_flat(market: str, left: str, at: int) -> Alert:
    """Word a position that could not be closed in time."""
    return _emergency(
        f"not-flat/{market}/{at}",
        market,
        "Position could not be closed",
        f"{left} of {market} is left after 30 s of reduce-only orders. Close it by hand.",
        (AlertNumber("Left", left),),
        at,
    )


def _warning(
    alert_id: str,
    scope: str,
    title: str,
    cause: str,
    numbers: tuple[AlertNumber, ...],
    at: int,
    *,
    is_standing: bool = False,
) -> Alert:
    """Make a warning: it stands for a minute, or without a deadline until its cause is gone."""
    return Alert(
        alert_id=AlertId(alert_id),
        severity=Severity.WARNING,
        scope=scope,
        title=title,
        cause=cause,
        numbers=numbers,
        options=(_ACK,),
        safe_default=ACKNOWLEDGE,
        raised_at=at,
        deadline=None if is_standing else at + _WARNED_FOR,
    )


def _emergency(
    alert_id: str,
    scope: str,
    title: str,
    cause: str,
    numbers: tuple[AlertNumber, ...],
    at: int,
) -> Alert:
    """Make an emergency: the safe thing is done, a person has to acknowledge."""
    return Alert(
        alert_id=AlertId(alert_id),
        severity=Severity.EMERGENCY,
        scope=scope,
        title=title,
        cause=cause,
        numbers=numbers,
        options=(_ACK,),
        safe_default=ACKNOWLEDGE,
        raised_at=at,
    )
