"""Limits, capital, alerts, decisions and a log, made by hand for the panes of two rooms."""

from typing import Final

import msgspec

from core.domain.alert import Alert, AlertEnd, AlertNumber, AlertOption, Severity
from core.domain.facts import (
    AlertRaised,
    CommandTaken,
    DecisionTaken,
    Fact,
    GateJudged,
    LimitsChanged,
    StrategyPaused,
    StrategySwitched,
    TradingState,
    TradingStateChanged,
    Verdict,
)
from core.domain.ids import AlertId, InstrumentId, IntentId, StrategyId
from core.domain.risk_views import (
    CapitalRow,
    CapitalView,
    HoldRow,
    LimitRow,
    LimitsView,
    LogLine,
    LogView,
)
from core.domain.views import (
    AlertHistoryRow,
    AlertHistoryView,
    AlertsView,
    OpenAlert,
    ShownFact,
)
from core.risk.limits import CapitalLimits, RiskLimits, version_of
from core.runtime.limit_judging import Both, texts_of
from core.runtime.limit_words import WORDS

NS: Final = 1_000_000_000
AT: Final = 1_764_081_042 * NS
COPY: Final = StrategyId("copy-aurora")
SOL: Final = InstrumentId("alpha:SOL_USDC_PERP")
SHARING: Final = (COPY, StrategyId("cross-venue"), StrategyId("MANUAL"))
FILE: Final = (RiskLimits(), CapitalLimits())
USES: Final = {
    "max_order_notional": ("2119.20", 0.424, SOL),
    "max_open_value_pct": ("4.10", 0.082, ""),
    "max_position_notional": ("17240.00", 0.862, SOL),
    "max_leverage": ("0.61", 0.305, ""),
    "min_liquidation_distance_pct": ("163.20", 0.092, SOL),
    "max_losing_round_trips": ("3", 1.0, COPY),
    "max_book_age_ms": ("143", 0.143, "alpha:狗狗币_USDC"),
    "allocations_pct": ("61.20", 0.612, COPY),
    "day_loss_reduce_pct": ("2.55", 0.85, ""),
    "max_signal_age_ms": ("2300", 0.767, SOL),
}


def limits(both: Both = FILE) -> LimitsView:
    """Return every limit, some of them used, one reached."""
    values, said = texts_of(both), texts_of(FILE)
    rows = []
    for words in WORDS:
        used, fraction, worst = USES.get(words.name, (None, None, ""))
        rows.append(
            LimitRow(
                name=words.path, rule=words.rule, title=words.title, scope=words.scope,
                value=values[words.path], file_value=said[words.path],
                unit="USDC" if words.unit == "quote" else words.unit, used=used,
                fraction=fraction, worst=worst, peak=used,
                peak_fraction=None if fraction is None else min(1.3, fraction * 1.25),
                peak_at=None if used is None else AT - 5_400 * NS, peak_worst=worst,
                is_floor=words.is_floor, is_hard=words.is_hard,
                denied=4 if words.rule == "R12" else 0,
            )
        )  # fmt: skip
    return LimitsView(
        rows=tuple(rows), version=version_of(*both), day="2025-11-25", sharing=SHARING
    )


def capital(*, is_calm: bool = False) -> CapitalView:
    """Return capital in use, with holds unless all is calm."""
    rows = (
        CapitalRow(
            strategy=COPY, title="Copy Aurora", state="on", allocation="27315.00",
            used="16720.40", reserved="412.00", free="10182.60", fraction=0.627,
            day_loss_pct=-0.31, drawdown_pct=0.12, submits=3, refusals=0, losing_trips=1, losses=2,
        ),
        CapitalRow(
            strategy=SHARING[1], title="Cross venue SOL [/b] 套利", state="paused",
            allocation="27315.00", used="0.00", reserved="0.00", free="27315.00", fraction=0.0,
            day_loss_pct=0.72, drawdown_pct=1.4, cooling=((SOL, 42),), submits=0, refusals=5,
            losing_trips=3, losses=3,
        ),
        CapitalRow(
            strategy=SHARING[2], title="MANUAL", state="", allocation="27315.00", used="0.00",
            reserved="0.00", free="27315.00", fraction=0.0,
        ),
    )  # fmt: skip
    return CapitalView(
        quote="USDC", equity="102431.22", reserve="20486.24", tied="17132.40", nav="1.024312",
        peak="1.031000", drawdown_pct=0.65, drawdown_limits_pct=(10.0, 15.0), day="2025-11-25",
        day_start="105112.00", day_loss_pct=2.55, day_loss_limits_pct=(3.0, 5.0),
        trading_state=TradingState.ACTIVE if is_calm else TradingState.REDUCING,
        reason="" if is_calm else "ledger and venue differ", rows=rows,
        holds=() if is_calm else holds(),
    )  # fmt: skip


def holds() -> tuple[HoldRow, ...]:
    """Return holds of account, market and strategy."""
    return (
        HoldRow(
            scope="account", cause="day loss", state="reducing", who="you",
            reason="day loss 3.02 % has reached 3 %", since=AT - 620 * NS,
            how="resume: r, from 00:00 UTC on",
        ),
        HoldRow(
            scope=SOL, cause="mismatch/alpha:main", state="reducing", who="engine",
            reason="ledger and venue differ in alpha:SOL_USDC_PERP", since=AT - 12 * NS,
            how="ledger and venue match; or answer its alert",
        ),
        HoldRow(
            scope="cross-venue", cause="paused", state="paused", who="you", since=None,
            reason="5 orders in a row were rejected or expired", how="switch it on: 2",
        ),
    )  # fmt: skip


def alert(number: int, severity: Severity, title: str, *, secs: int | None = 28) -> Alert:
    """Return an alert; those that are only told have one thing to choose."""
    is_told = severity is Severity.INFO
    options: tuple[AlertOption, ...] = (
        AlertOption(key="ack", label="Acknowledge", effect="It goes."),
    )
    if not is_told:
        options = (
            AlertOption(key="deny", label="Deny", effect="Nothing is sent."),
            AlertOption(key="approve", label="Approve", effect="Sends it.", adds_risk=True),
        )
    return Alert(
        alert_id=AlertId(f"alert-{number}"), severity=severity, scope="copy-aurora", title=title,
        cause=f"{title}, as the numbers say.", numbers=(AlertNumber("notional", "2,119", 40),),
        options=options, safe_default=options[0].key, raised_at=AT - number * NS,
        deadline=None if secs is None or is_told else AT + secs * NS,
    )  # fmt: skip


def open_alerts() -> AlertsView:
    """Return one alert of each severity, most urgent first."""
    found = [
        alert(1, Severity.EMERGENCY, "Overfill on SOL-PERP"),
        alert(2, Severity.CRITICAL, "Ledger and venue differ", secs=12),
        alert(3, Severity.WARNING, "Large order: buy 2,119 USDC"),
        alert(4, Severity.INFO, "SOL is above 141.20"),
    ]
    rows = tuple(
        OpenAlert(alert=each, remaining_ms=None, repeats=place)
        for place, each in enumerate(found, start=1)
    )
    return AlertsView(open=rows)


def history(*, ended: int = 3) -> AlertHistoryView:
    """Return alerts that were answered, expired and voided."""
    ends = (
        (AlertEnd.ANSWERED, "Deny", "cockpit-2", Severity.WARNING, "Large order: sell 2,503"),
        (AlertEnd.EXPIRED, "Stay reducing", "", Severity.CRITICAL, "Ledger and venue differ"),
        (AlertEnd.VOIDED, "", "the market moved", Severity.WARNING, "Large order: buy 3,030"),
    )
    rows = tuple(
        AlertHistoryRow(
            raised_at=AT - (place + 1) * 600 * NS, severity=severity, scope="copy-aurora",
            title=title, end=end, option=option, by=by, stood_ms=6_000 + place * 12_000,
        )
        for place, (end, option, by, severity, title) in enumerate(ends)
    )  # fmt: skip
    return AlertHistoryView(rows=rows, ended=ended)


def facts() -> tuple[ShownFact, ...]:
    """Return a minute of a journal, hostile text among it."""
    numbers = (("side", "buy"), ("quantity", "15.0"), ("limit_price", "141.42"), ("mark", "141.27"))
    found: list[Fact] = [
        StrategySwitched(at=AT, strategy=COPY, is_on=True, by="cockpit-1"),
        GateJudged(
            at=AT + NS, intent_id=IntentId("i-1"), strategy=COPY, instrument=SOL,
            verdict="approved", rule="", text="", numbers=numbers, limits="48a3f473",
        ),
        DecisionTaken(
            at=AT + NS, strategy=COPY, cause="fill t1", verdict=Verdict.COPIED, code="copied",
            text="buy 15.0 for the leader's 60.0", numbers=(("ratio", "0.25"),), instrument=SOL,
        ),
        DecisionTaken(
            at=AT + 2 * NS, strategy=COPY, cause="fill t2", verdict=Verdict.SKIPPED, code="stale",
            text="no valid order book", instrument=InstrumentId("alpha:BTC_USDC_PERP"), repeats=7,
        ),
        GateJudged(
            at=AT + 3 * NS, intent_id=IntentId("i-2"), strategy=COPY, instrument=SOL,
            verdict="denied", rule="R12", text="worst-case position above its cap: 21000.00, "
            "allowed 20000.00", numbers=numbers, limits="48a3f473", repeats=3,
        ),
        AlertRaised(at=AT + 4 * NS, alert=alert(2, Severity.CRITICAL, "Ledger and venue differ")),
        TradingStateChanged(
            at=AT + 4 * NS, state=TradingState.REDUCING, reason="ledger and venue differ",
            scope=f"market/{SOL}", cause="mismatch/alpha:main",
        ),
        LimitsChanged(at=AT + 5 * NS, values=(("risk.max_leverage", "1.5"),), by="cockpit-1"),
        CommandTaken(at=AT + 6 * NS, command_id="cockpit-1-4", text="refused", is_accepted=False),
        StrategyPaused(
            at=AT + 7 * NS, strategy=StrategyId("evil\x1b[2J[/b]"),
            reason="it raised \x1b]9;hello\x07 an\u202eerror [bold]x",
        ),
    ]  # fmt: skip
    return tuple(ShownFact(serial, fact) for serial, fact in enumerate(found, start=1))


def log(*, lines: int = 5) -> LogView:
    """Return the end of a log, with a warning and an error of several lines."""
    stamp = "2025-11-25 14:30:4{},123 {} core.runtime.shell {}"
    texts = [
        ("INFO", "engine.started seed=20"),
        ("WARNING", "stream.slow venue=alpha wait_ms=812"),
        ("ERROR", "strategy.failed strategy=copy\nTraceback:\n  ValueError: \x1b[31mno\x1b[0m"),
        ("INFO", "journal.committed rows=12"),
        ("INFO", "watchlist.kept"),
    ]
    rows = tuple(
        LogLine(serial, level, stamp.format(serial % 10, level, text))
        for serial, (level, text) in enumerate(texts[:lines], start=1)
    )
    return LogView(lines=rows, path="/home/me/.local/share/wingman/logs/wingman.log", first=1)


def tightened() -> LimitsView:
    """Return limits of which one was tightened while the engine runs."""
    risk = msgspec.structs.replace(FILE[0], max_leverage=1.5)
    return limits((risk, FILE[1]))
