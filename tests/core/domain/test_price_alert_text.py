"""Typed alerts: what is understood, what is refused and how it is said."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import InstrumentId
from core.domain.price_alert import (
    INDICATOR_KINDS,
    WINDOW_KINDS,
    AlertDirection,
    AlertKind,
    PriceAlert,
)
from core.domain.price_alert_text import (
    EXAMPLES,
    INTERVALS,
    AlertTextWrong,
    parse_price_alert,
    price_alert_fault,
)
from core.domain.price_alert_writing import price_alert_text

SOL = InstrumentId("SOL_USDC_PERP")
_SIGNED = {AlertKind.MOVE, AlertKind.FUNDING, AlertKind.IMBALANCE}


def test_the_sentence_of_the_manual_is_read_exactly() -> None:
    """A price is an integer of 10^-10; what is not said has its usual value."""
    assert parse_price_alert("SOL_USDC_PERP price above 141.20 once") == PriceAlert(
        instrument=SOL,
        kind=AlertKind.PRICE,
        direction=AlertDirection.ABOVE,
        threshold=1_412_000_000_000,
        cooldown_s=60,
    )


def test_every_word_finds_its_field() -> None:
    """Options come in any order."""
    alert = parse_price_alert(
        "alpha:SOL_USDC move below -1.5% in 2h now repeat for 90s cooldown 5m"
    )

    assert alert == PriceAlert(
        instrument=InstrumentId("alpha:SOL_USDC"),
        kind=AlertKind.MOVE,
        direction=AlertDirection.BELOW,
        threshold=-15_000_000_000,
        window_s=7_200,
        persistence_s=90,
        cooldown_s=300,
        is_repeating=True,
        counts_now=True,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("price 141", "price crosses 141"),
        ("price > 86,012.5", "price above 86012.5"),
        ("move 2 % in 15m", "move beyond 2% in 15m"),
        ("spread 5bps", "spread above 5bps"),
        ("rsi under 30 on 1h every 2h", "rsi below 30 on 1h cooldown 2h"),
        ("ema9 ema21 on 5m", "ema9 crosses ema21 on 5m"),
        ("imbalance below -.5", "imbalance below -0.5"),
        ("PRICE Above 0.00001234", "price above 0.00001234"),
    ],
)
def test_short_forms_mean_the_long_ones(typed: str, meant: str) -> None:
    """Units, signs and usual directions may be left out."""
    assert price_alert_text(parse_price_alert(f"SOL {typed}")) == meant


@pytest.mark.parametrize(("kind", "text"), EXAMPLES.items())
def test_every_example_is_right(kind: AlertKind, text: str) -> None:
    """What a refusal names as right is right."""
    assert parse_price_alert(f"SOL {text}").kind is kind


@pytest.mark.parametrize(
    ("text", "says", "names"),
    [
        ("", "type an alert", "price above 141.20"),
        ("price above 3", "the market is missing", "SOL_USDC_PERP price"),
        ("SOL", "what to watch is missing", "price, mid, mark"),
        ("SOL prize above 3", "'prize' cannot be watched", "price"),
        ("SOL price abve 3", "the direction is missing", "above, below, crosses"),
        ("SOL rsi 70 on 5m", "the direction is missing", "rsi above 70"),
        ("SOL price beyond 3", "price has no 'beyond'", "above, below or crosses"),
        ("SOL price above", "the level is missing", "price above 141.20"),
        ("SOL price above 1,41", "'1,41' is no level", "price above 141.20"),
        ("SOL price above 1e3", "'1e3' is no level", "141.20"),
        ("SOL price above 0.12345678901", "is no level", "ten decimals"),
        ("SOL price above -3", "the price has to be over 0", "141.20"),
        ("SOL spread above -3bps", "never under 0", "5bps"),
        ("SOL imbalance above 2", "between -1 and 1", "-0.6"),
        ("SOL rsi above 101 on 5m", "between 0 and 100", "70"),
        ("SOL move beyond 0% in 5m", "over 0", "both sides"),
        ("SOL move 2%", "the window is missing", "in 15m"),
        ("SOL move 2% in 30s", "whole minutes", "1m to 24h"),
        ("SOL move 2% in 25h", "whole minutes", "1m to 24h"),
        ("SOL rsi above 70", "the candles are missing", "on 15m"),
        ("SOL rsi above 70 on 7m", "no candles of '7m'", "1m, 3m, 5m"),
        ("SOL ema9 above ema50 on 5m", "compared with ema21", "ema9 crosses ema21"),
        ("SOL price above 3 in 5m", "price takes no 'in'", "price above"),
        ("SOL price above 3 for ever", "after 'for' comes a time", "30s, 5m"),
        ("SOL price above 3 for 25h", "at most 24h", "25h"),
        ("SOL price above 3 once repeat", "said already", "leave one out"),
        ("SOL price above 3 loud", "'loud' is not understood", "once, repeat"),
        ("SOL price crosses 3 now", "does not go with crosses", "above, below"),
    ],
)
def test_a_wrong_text_is_refused_with_what_would_be_right(text: str, says: str, names: str) -> None:
    """The refusal has the wrong word and the right ones."""
    with pytest.raises(AlertTextWrong) as refused:
        parse_price_alert(text)

    assert says in str(refused.value)
    assert names in str(refused.value)


@st.composite
def alerts(draw: st.DrawFn) -> PriceAlert:
    """Draw any alert that makes sense."""
    kind = draw(st.sampled_from(AlertKind))
    directions = [d for d in AlertDirection if d is not AlertDirection.BEYOND or kind in _SIGNED]
    direction = draw(st.sampled_from(directions))
    most = {AlertKind.IMBALANCE: 10**10, AlertKind.RSI: 10**12}.get(kind, 10**20)
    least = -most if kind in _SIGNED and direction is not AlertDirection.BEYOND else 1
    return PriceAlert(
        instrument=draw(st.sampled_from([SOL, InstrumentId("x:kPEPE/USDT:USDT")])),
        kind=kind,
        direction=direction,
        threshold=0 if kind is AlertKind.EMA else draw(st.integers(least, most)),
        window_s=60 * draw(st.integers(1, 1_440)) if kind in WINDOW_KINDS else 0,
        interval=draw(st.sampled_from(INTERVALS)) if kind in INDICATOR_KINDS else "",
        persistence_s=draw(st.integers(0, 86_400)),
        cooldown_s=draw(st.integers(0, 86_400)),
        is_repeating=draw(st.booleans()),
        counts_now=draw(st.booleans()) and direction is not AlertDirection.CROSSES,
    )


@given(alerts())
def test_what_is_written_is_read_again(alert: PriceAlert) -> None:
    """Text and alert say the same, so the list can be typed again."""
    assert parse_price_alert(f"{alert.instrument} {price_alert_text(alert)}") == alert
    assert price_alert_fault(alert) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Anything is an alert or a refusal in words."""
    alert = None
    with contextlib.suppress(AlertTextWrong):
        alert = parse_price_alert(text)

    assert alert is None or price_alert_fault(alert) is None


def test_an_alert_that_could_not_be_typed_is_at_fault() -> None:
    """A command of another program is held to the same rules."""
    odd = PriceAlert(
        instrument=SOL, kind=AlertKind.MOVE, direction=AlertDirection.ABOVE, threshold=1, window_s=7
    )

    assert "whole minutes" in (price_alert_fault(odd) or "")
