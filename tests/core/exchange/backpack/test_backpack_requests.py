"""Order types, batches and account requests; and the calls that must not exist."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.codec import packed, unpacker
from core.domain.exact import Notional, Price, Quantity
from core.domain.ids import ClientOrderId, InstrumentId, Symbol
from core.domain.order import (
    AttachedExit,
    OrderTerms,
    OrderType,
    SelfTradePrevention,
    Side,
    Slippage,
    SlippageUnit,
    TimeInForce,
    TriggerBy,
)
from core.exchange.backpack import haircuts, public_requests, public_rows, questions, requests
from core.exchange.backpack.batching import batch_results
from core.exchange.backpack.order_fields import order_fields, terms_problem
from core.exchange.backpack.refusals import ReplyError
from core.exchange.backpack.replies import OrderRow
from core.exchange.backpack.rows import read
from core.exchange.backpack.signing import Credentials, signed_batch_text
from tests.core.exchange.backpack.backpack_rig import MARKET, SECRET, START, order_row, placement

STAMP = {"timestamp_ms": START // 1_000_000, "window_ms": 5_000}
SIGNER = requests.Signer(Credentials(SECRET))
SOURCES = Path(requests.__file__).parent


def terms(**changed: Any) -> OrderTerms:
    """Write order terms; a plain limit buy if nothing is changed."""
    base: dict[str, Any] = {
        "instrument": MARKET,
        "side": Side.BUY,
        "quantity": Quantity("0.5"),
        "limit_price": Price("4000"),
    }
    return OrderTerms(**(base | changed))


def written(**changed: Any) -> dict[str, Any]:
    """Write the fields of an order that are not of every order."""
    fields = order_fields(terms(**changed), ClientOrderId(9))
    assert fields["clientId"] == 9
    assert "selfTradePrevention" in fields
    common = {"clientId", "side", "symbol", "orderType"}
    return {name: value for name, value in fields.items() if name not in common}


def slip(amount: str, unit: SlippageUnit) -> Slippage:
    """Write a slippage tolerance."""
    return Slippage(amount=Decimal(amount), unit=unit)


LIMIT = {"timeInForce": "GTC", "selfTradePrevention": "RejectTaker"}
PRICED = {"price": "4000", **LIMIT}


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, PRICED | {"quantity": "0.5"}),
        ({"time_in_force": TimeInForce.IOC}, PRICED | {"quantity": "0.5", "timeInForce": "IOC"}),
        ({"time_in_force": TimeInForce.FOK}, PRICED | {"quantity": "0.5", "timeInForce": "FOK"}),
        ({"post_only": True}, PRICED | {"quantity": "0.5", "postOnly": True}),
        ({"reduce_only": True}, PRICED | {"quantity": "0.5", "reduceOnly": True}),
        ({"order_type": OrderType.MARKET}, LIMIT | {"quantity": "0.5"}),
        (
            {"order_type": OrderType.MARKET, "quote_quantity": Notional("12.5")},
            LIMIT | {"quoteQuantity": "12.5"},
        ),
        (
            {"self_trade_prevention": SelfTradePrevention.REJECT_MAKER},
            PRICED | {"quantity": "0.5", "selfTradePrevention": "RejectMaker"},
        ),
        (
            {"trigger_price": Price("3900"), "trigger_by": TriggerBy.MARK_PRICE},
            PRICED | {"triggerPrice": "3900", "triggerQuantity": "0.5", "triggerBy": "MarkPrice"},
        ),
        (
            {
                "order_type": OrderType.MARKET,
                "reduce_only": True,
                "trigger_price": Price("178.55"),
                "trigger_percent": Decimal("80.0"),
            },
            LIMIT | {"triggerPrice": "178.55", "triggerQuantity": "80%", "reduceOnly": True},
        ),
        (
            {
                "take_profit": AttachedExit(
                    trigger_price=Price(5000),
                    limit_price=Price(4990),
                    trigger_by=TriggerBy.INDEX_PRICE,
                ),
                "stop_loss": AttachedExit(trigger_price=Price(3000)),
            },
            PRICED
            | {
                "quantity": "0.5",
                "takeProfitTriggerPrice": "5000",
                "takeProfitLimitPrice": "4990",
                "takeProfitTriggerBy": "IndexPrice",
                "stopLossTriggerPrice": "3000",
            },
        ),
        (
            {"order_type": OrderType.MARKET, "slippage": slip("0.50", SlippageUnit.PERCENT)},
            LIMIT
            | {
                "quantity": "0.5",
                "slippageTolerance": "0.5",
                "slippageToleranceType": "Percent",
            },
        ),
        (
            {"order_type": OrderType.MARKET, "slippage": slip("3", SlippageUnit.TICKS)},
            LIMIT
            | {
                "quantity": "0.5",
                "slippageTolerance": "3",
                "slippageToleranceType": "TickSize",
            },
        ),
        (
            {"instrument": InstrumentId("there:ETH_USDC"), "redeems_lent": True},
            PRICED | {"quantity": "0.5", "autoLendRedeem": True},
        ),
        ({"redeems_lent": True}, PRICED | {"quantity": "0.5"}),
    ],
)
def test_each_kind_of_order_is_written_in_the_venues_words(
    changed: dict[str, Any], fields: dict[str, Any]
) -> None:
    """What is set is written, what is not is left out."""
    assert written(**changed) == fields
    assert terms_problem(terms(**changed)) == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"post_only": True, "time_in_force": TimeInForce.IOC},
        {"post_only": True, "order_type": OrderType.MARKET},
        {"quote_quantity": Notional(5)},
        {"trigger_by": TriggerBy.LAST_PRICE},
        {"trigger_percent": Decimal(80)},
        {"trigger_price": Price(1), "trigger_percent": Decimal(101)},
        {"trigger_price": Price(1), "trigger_percent": Decimal("NaN")},
        {
            "order_type": OrderType.MARKET,
            "quote_quantity": Notional(5),
            "trigger_price": Price(1),
        },
        {"slippage": slip("1", SlippageUnit.PERCENT)},
        *(
            {"order_type": OrderType.MARKET, "slippage": slip(amount, unit)}
            for amount, unit in (
                ("0", SlippageUnit.TICKS),
                ("-1", SlippageUnit.PERCENT),
                ("NaN", SlippageUnit.PERCENT),
                ("100.1", SlippageUnit.PERCENT),
                ("1.5", SlippageUnit.TICKS),
            )
        ),
    ],
)
def test_terms_that_are_no_order_are_named(changed: dict[str, Any]) -> None:
    """The venue would refuse them; nothing is sent."""
    assert terms_problem(terms(**changed))


def test_spot_orders_are_never_reduce_only() -> None:
    """The venue knows it on perpetuals only."""
    spot = InstrumentId("there:ETH_USDC")

    assert "reduceOnly" not in written(instrument=spot, reduce_only=True)


def test_terms_journaled_before_the_new_fields_are_read() -> None:
    """Every new field has a default, and each survives the journal."""
    whole = terms(
        quote_quantity=Notional(5),
        trigger_price=Price(1),
        trigger_percent=Decimal("12.5"),
        stop_loss=AttachedExit(trigger_price=Price(3)),
        self_trade_prevention=SelfTradePrevention.REJECT_BOTH,
        slippage=slip("0.5", SlippageUnit.PERCENT),
        redeems_lent=True,
    )
    old = msgspec.msgpack.encode(
        {"instrument": MARKET, "side": "buy", "quantity": "0.5", "limit_price": "4000"}
    )

    assert unpacker(OrderTerms).decode(old) == terms()
    assert unpacker(OrderTerms).decode(packed(whole)) == whole


# ---- batches ---------------------------------------------------------------------------------


def test_batch_signs_each_order_with_its_instruction() -> None:
    """One time and window for all, the body in the same order."""
    effects = [placement(7), placement(8)]

    wire = requests.batch_request(SIGNER, effects, **STAMP)

    items = json.loads(wire.body)
    text = signed_batch_text("orderExecute", items, **STAMP)
    assert [item["clientId"] for item in items] == [7, 8]
    assert dict(wire.headers)["X-Signature"] == Credentials(SECRET).signature(text)
    with pytest.raises(ValueError, match="different ids"):
        requests.batch_request(SIGNER, [placement(7), placement(7)], **STAMP)


def ok(number: int) -> dict[str, object]:
    """Write a batch item that was taken."""
    return {"operation": "Ok", **order_row(clientId=number)}


def err(code: str) -> dict[str, object]:
    """Write a batch item that was refused."""
    return {"operation": "Err", "code": code, "message": "no"}


def known(items: object, *asked: int) -> dict[int, str]:
    """Read a batch answer as one word an order."""
    body = items if isinstance(items, bytes) else json.dumps(items).encode()
    results = batch_results(body, [ClientOrderId(number) for number in asked])
    return {
        name: "unknown"
        if found is None
        else (found.code if isinstance(found, ReplyError) else "taken")
        for name, found in results.items()
    }


def test_batch_items_are_found_by_client_id() -> None:
    """Reordered items are the same items; a missing one is unknown, never refused."""
    assert known([ok(2), ok(1)], 1, 2) == {1: "taken", 2: "taken"}
    assert known([ok(2)], 1, 2) == {1: "unknown", 2: "taken"}
    assert known([ok(2), err("INVALID_ORDER")], 1, 2) == {1: "INVALID_ORDER", 2: "taken"}
    assert known([err("INVALID_ORDER")], 1, 2) == {1: "unknown", 2: "unknown"}
    assert known([err("SERVER_ERROR"), ok(2)], 1, 2) == {1: "unknown", 2: "taken"}
    assert known([ok(9), err("INVALID_ORDER")], 1, 2) == {1: "unknown", 2: "unknown"}
    assert known(b"<html>", 1) == {1: "unknown"}
    assert known([{"operation": "Ok", "id": 5}], 1) == {1: "unknown"}


def test_refusals_of_a_batch_keep_their_place_where_nothing_moved() -> None:
    """Each refused order has its own reason."""
    items = [err("INVALID_PRICE"), ok(2), err("ORDER_LIMIT")]

    assert known(items, 1, 2, 3) == {1: "INVALID_PRICE", 2: "taken", 3: "ORDER_LIMIT"}


# ---- account ---------------------------------------------------------------------------------


def test_leverage_is_one_limit_of_the_account() -> None:
    """PATCH with the only setting this code changes."""
    wire = requests.leverage_request(SIGNER, Decimal("5.0"), **STAMP)

    assert (wire.method, wire.path) == ("PATCH", "/api/v1/account")
    assert json.loads(wire.body) == {"leverageLimit": "5"}


def test_order_is_asked_for_by_one_id() -> None:
    """Both ids in one request would break its signature."""
    assert questions.order("X", client_id=0).fields == {"symbol": "X", "clientId": 0}
    for ids in ({}, {"order_id": "1", "client_id": 2}):
        with pytest.raises(ValueError, match="exactly one id"):
            questions.order("X", **ids)  # type: ignore[arg-type]


def test_public_requests_refuse_what_the_venue_refuses() -> None:
    """Depth has seven limits, lending history four intervals."""
    with pytest.raises(ValueError, match="depth limit"):
        public_requests.depth_request(Symbol("X"), 30)
    with pytest.raises(ValueError, match="interval"):
        public_requests.lending_history_request("1h")


def test_ticker_without_data_is_none() -> None:
    """204 has no body."""
    assert public_rows.ticker_row(204, b"") is None


def haircut(kind: dict[str, str]) -> public_rows.HaircutRow:
    """Read a haircut as the venue writes it."""
    return read(json.dumps({"weight": "0.95", "kind": kind}).encode(), public_rows.HaircutRow)


def test_haircuts_are_exact_and_fall_with_size() -> None:
    """Identity is the weight; the inverse root bends below it; debts count in full."""
    flat = haircut({"type": "identity"})
    bent = haircut({"type": "inverseSqrt", "base": "1.1", "positiveCurvePenalty": "0.001"})

    assert haircuts.collateral_value(flat, Decimal(2), Decimal(100)) == Decimal("190.00")
    assert haircuts.collateral_value(flat, Decimal(-2), Decimal(100)) == Decimal(-200)
    assert haircuts.collateral_weight(bent, Decimal(100)) == Decimal("0.95")
    assert haircuts.collateral_weight(bent, Decimal(1_000_000)) == Decimal("0.55")
    with pytest.raises(Exception, match="not known"):
        haircuts.collateral_weight(haircut({"type": "new"}), Decimal(1))


def test_margin_fraction_is_its_base_while_small() -> None:
    """Real positions show exactly the base for small sizes."""
    row = public_rows.SqrtRow(base=Decimal("0.02"), factor=Decimal("0.000075"))

    assert haircuts.margin_fraction(row, Decimal(100)) == Decimal("0.02")
    assert haircuts.margin_fraction(row, Decimal(-1_000_000)) == Decimal("0.075000")


def test_unknown_words_and_fields_do_not_break_an_order() -> None:
    """New words come without notice; a foreign client id may be anything."""
    row = order_row(
        status="Frozen",
        orderType="Iceberg",
        selfTradePrevention="Allow",
        clientId="abc",
        systemOrderType="New",
        triggerQuantity="80%",
        surprise={"a": [1]},
    )

    assert read(json.dumps(row).encode(), OrderRow).status == "Frozen"


# ---- what must not exist ---------------------------------------------------------------------

FORBIDDEN = re.compile(
    r"withdraw|deposit/address|/transfer|vault|/rfq|rfqSubmit|quoteSubmit|quoteAccept"
    r"|borrowLendExecute|convertDust|issueTwoFactor|autoBorrow\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.py")), ids=lambda path: path.name)
def test_no_call_moves_funds_out(path: Path) -> None:
    """The code holds no word of a call that could empty an account."""
    assert FORBIDDEN.findall(path.read_text()) == []


def test_only_orders_cancels_and_settings_are_written() -> None:
    """Every signed write goes to one of five places."""
    text = "".join(path.read_text() for path in SOURCES.glob("*.py"))
    writes = re.findall(r'"(?:POST|PATCH|DELETE)",\s*"(/[^"]+)"', text)

    assert set(writes) <= {
        "/api/v1/order",
        "/api/v1/orders",
        "/api/v1/strategies",
        "/api/v1/account",
    }
