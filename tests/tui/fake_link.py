"""A small real Link with a scripted, seeded engine behind it; records commands."""

from collections.abc import Callable

from core.domain.alert import Alert, AlertNumber, AlertOption, Severity
from core.domain.commands import (
    AddToWatchlist,
    AnswerAlert,
    Command,
    Kill,
    PauseReplay,
    Receipt,
    RemoveFromWatchlist,
    ResumeTrading,
    SetReplaySpeed,
    SwitchStrategy,
)
from core.domain.facts import Fact, Mode, TradingState
from core.domain.ids import AlertId, InstrumentId, StrategyId
from core.domain.order import OrderState, Side
from core.domain.views import (
    AccountView,
    AlertsView,
    Frame,
    FrameRequest,
    HeaderView,
    OpenAlert,
    OrderRow,
    OwnOrder,
    PositionRow,
    ProgressStep,
    ProgressView,
    RiskGauge,
    RiskView,
    ShownFact,
    StrategiesView,
    StrategyRow,
    VenueHealth,
    View,
    WatchlistView,
)
from core.runtime.link import LinkClosed
from tests.tui.fake_market import NS, FakeMarket

START = 1_764_081_042 * NS
"""2025-11-25 14:30:42 UTC."""
MARKETS = (
    ("alpha:SOL_USDC_PERP", 141.27, 0.01, 22.0, 2.41),
    ("orion:SOL_USDC_PERP", 141.29, 0.01, 14.0, 2.38),
    ("alpha:BTC_USDC_PERP", 86_012.4, 0.1, 0.42, -0.86),
    ("orion:BTC_USDC_PERP", 86_013.1, 0.1, 0.30, -0.84),
    ("alpha:ETH_USDC_PERP", 2_841.36, 0.01, 3.1, 1.12),
    ("alpha:SOL_USDC", 141.25, 0.01, 18.0, 2.44),
    ("alpha:ETH_BTC", 0.03303, 0.00001, 9.0, 1.97),
)


class FakeLink:
    """An engine that never was: `advance()` moves it, `frame()` answers like the real one."""

    def __init__(self, *, seed: int = 7, mode: Mode = Mode.SIMULATION) -> None:
        self.at = START
        self.mode = mode
        self.commands: list[Command] = []
        self.is_dead = False
        self.refusal = ""
        self.frames = 0
        self.replay = ""
        self.trading_state = TradingState.ACTIVE
        self.alerts: list[OpenAlert] = []
        self.last_ended = ""
        self.steps: tuple[ProgressStep, ...] = ()
        self.facts: list[ShownFact] = []
        self.before_frame: Callable[[], None] | None = None
        self.markets = {
            InstrumentId(name): FakeMarket(name, mid, tick, size, seed=seed, drift=change)
            for name, mid, tick, size, change in MARKETS
        }
        self.watched = list(self.markets)
        self.states = {"copy-aurora": "on", "cross-venue": "on", "cash-carry": "off"}
        self.builders: dict[str, Callable[[list[str]], View]] = {
            "ladder": self._ladder,
            "tape": self._tape,
            "candles": self._candles,
            "overlays": self._overlays,
            "header": lambda _: self._header(),
            "watchlist": lambda _: self._watchlist(),
            "strategies": lambda _: self._strategies(),
            "risk": lambda _: self._risk(),
            "account": lambda _: self._account(),
            "alerts": lambda _: self._alerts(),
            "progress": lambda _: self._progress(),
        }
        """How each kind of topic is built from its parts; topics of other kinds are left out."""
        self._version = 1
        self._touched: dict[str, int] = {}
        self.advance(400, prints=3.0, times=12)
        self._own_orders()

    # -- the Link --------------------------------------------------------------------------

    async def frame(self, request: FrameRequest) -> Frame:
        """Answer with the views whose version moved."""
        if self.before_frame is not None:
            self.before_frame()
        if self.is_dead:
            raise LinkClosed("the engine process ended with code 1")
        self.frames += 1
        known = [t for t in request.versions if t.partition("/")[0] in self.builders]
        stale = [t for t in known if request.versions[t] != self.version_of(t)]
        facts = tuple(fact for fact in self.facts if fact.serial > request.facts_since)
        return Frame(
            engine_at=self.at,
            views={topic: self.view(topic) for topic in stale},
            versions={topic: self.version_of(topic) for topic in stale},
            facts=facts,
            next_fact=self.facts[-1].serial if self.facts else 0,
        )

    async def command(self, command: Command) -> Receipt:
        """Record a command, act on it, and answer."""
        if self.is_dead:
            raise LinkClosed("the engine process ended with code 1")
        self.commands.append(command)
        number = str(len(self.commands))
        if self.refusal:
            return Receipt(command_id=number, is_accepted=False, text=self.refusal)
        return Receipt(command_id=number, is_accepted=True, text=self._act(command))

    async def close(self) -> None:
        """Do nothing."""

    # -- the script ------------------------------------------------------------------------

    def advance(self, ms: int, *, prints: float = 0.6, times: int = 1) -> None:
        """Let time and markets go on."""
        for _ in range(times):
            self.at += ms * 1_000_000
            for market in self.markets.values():
                market.advance(self.at, prints=prints)
        self._version += 1

    def touch(self, topic: str) -> None:
        """Give a topic a new version without moving the markets."""
        self._touched[topic] = self._touched.get(topic, 0) + 1

    def version_of(self, topic: str) -> int:
        """Return the version a topic has now."""
        still = {"strategies", "risk", "account", "alerts", "progress"}
        base = 1 if topic in still else self._version
        return base + self._touched.get(topic, 0)

    def add_fact(self, fact: Fact) -> None:
        """Publish a fact."""
        self.facts.append(ShownFact(len(self.facts) + 1, fact))

    def raise_alert(self, alert: Alert) -> None:
        """Open an alert, newest last."""
        self.alerts.append(OpenAlert(alert=alert, remaining_ms=None, repeats=1))
        self.touch("alerts")
        self.touch("header")

    def end_alerts(self, text: str = "expired: denied by default") -> None:
        """End every alert."""
        self.alerts, self.last_ended = [], text
        self.touch("alerts")
        self.touch("header")

    def _act(self, command: Command) -> str:
        if isinstance(command, SwitchStrategy):
            self.states[command.strategy] = "on" if command.is_on else "off"
            self.touch("strategies")
            return f"{command.strategy} is {'on' if command.is_on else 'off'}"
        if isinstance(command, AnswerAlert):
            self.alerts = [a for a in self.alerts if a.alert.alert_id != command.alert_id]
            self.touch("alerts")
            return f"{command.option}: done, effect 42"
        if isinstance(command, Kill | ResumeTrading):
            is_stop = isinstance(command, Kill)
            self.trading_state = TradingState.HALTED if is_stop else TradingState.ACTIVE
            self.touch("header")
            self.touch("risk")
            return "stopped" if is_stop else "trading again"
        if isinstance(command, AddToWatchlist):
            self.markets.setdefault(
                command.instrument, FakeMarket(command.instrument, 1.234, 0.001, 90, seed=1)
            )
            self.watched.append(command.instrument)
            self.touch("watchlist")
            return f"watching {command.instrument}"
        if isinstance(command, RemoveFromWatchlist):
            self.watched.remove(command.instrument)
            self.touch("watchlist")
            return f"no longer watching {command.instrument}"
        if isinstance(command, PauseReplay):
            self.replay = "paused 00:12 / 20:00" if command.is_paused else "x1 00:12 / 20:00"
        if isinstance(command, SetReplaySpeed):
            self.replay = f"x{command.speed:g} 00:12 / 20:00"
        return "done"

    # -- the views -------------------------------------------------------------------------

    def view(self, topic: str) -> View:
        """Build the view of a topic."""
        kind, *rest = topic.split("/")
        return self.builders[kind](rest)

    def _ladder(self, rest: list[str]) -> View:
        return self.markets[InstrumentId(rest[0])].ladder(int(rest[1]), int(rest[2]), 23)

    def _tape(self, rest: list[str]) -> View:
        return self.markets[InstrumentId(rest[0])].tape(int(rest[1]))

    def _candles(self, rest: list[str]) -> View:
        return self.markets[InstrumentId(rest[0])].candles(rest[1], int(rest[2]), self.at)

    def _overlays(self, rest: list[str]) -> View:
        return self.markets[InstrumentId(rest[0])].overlays(rest[1], int(rest[2]), self.at)

    def _header(self) -> View:
        return HeaderView(
            mode=self.mode,
            engine_at=self.at,
            venues=(
                VenueHealth(venue="alpha", is_up=True, is_private_up=True, data_age_ms=23),
                VenueHealth(venue="orion", is_up=True, is_private_up=None, data_age_ms=84),
            ),
            equity="102431.22",
            day_pnl="431.22",
            day_pnl_pct=0.42,
            trading_state=self.trading_state,
            trading_reason="",
            open_alerts=len(self.alerts),
            journal_ok=True,
            replay=self.replay,
        )

    def _watchlist(self) -> View:
        names = ("SOL", "BTC", "ETH", "SUI", "JUP", "DOGE", "AVAX", "LINK")
        more = [f"{venue}:{name}_USDC" for venue in ("alpha", "orion") for name in names]
        return WatchlistView(
            rows=tuple(self.markets[name].watch_row() for name in self.watched),
            catalogue=tuple(dict.fromkeys([*self.markets, *map(InstrumentId, more)])),
        )

    def _strategies(self) -> View:
        def row(slot: int, name: str, title: str, **more: object) -> StrategyRow:
            state = self.states[name]
            base = {
                "slot": slot, "strategy": StrategyId(name), "title": title, "state": state,
                "pnl": None, "position": "flat", "decisions": 0, "copied": 0, "skipped": 0,
                "last_decision": "", "last_code": "", "last_at": None,
            }  # fmt: skip
            return StrategyRow(**{**base, **more})  # type: ignore[arg-type]

        return StrategiesView(
            rows=(
                row(
                    1, "copy-aurora", "Copy Aurora", pnl="318.40", position="+12.5 SOL",
                    decisions=61, copied=48, skipped=13, last_code="C14",
                    last_decision="bought 2.50 of leader 10.00 at 141.28, slipped 0.7 bps",
                    last_at=self.at,
                ),
                row(
                    2, "cross-venue", "Cross venue SOL", pnl="-12.06", decisions=212, copied=4,
                    skipped=208, last_code="A31",
                    last_decision="edge 1.4 bps below cost 6.2 bps", last_at=self.at,
                ),
                row(3, "cash-carry", "Cash and carry", pnl="0"),
            )
        )  # fmt: skip

    def _risk(self) -> View:
        def gauge(rule: str, title: str, used: str, limit: str, fraction: float) -> RiskGauge:
            return RiskGauge(
                rule=rule, title=title, used=used, limit=limit, unit="", fraction=fraction
            )

        return RiskView(
            trading_state=self.trading_state,
            reason="reconciled 14:30:12",
            gauges=(
                gauge("R01", "Order size", "353", "2,000", 0.176),
                gauge("R04", "SOL position", "1,766", "5,000", 0.353),
                gauge("R06", "Gross", "6,204", "10,000", 0.62),
                gauge("R09", "Day loss", "0", "1,000", 0.0),
                gauge("R11", "Orders/min", "26", "30", 0.867),
            ),
            denied=3,
            last_denial="R04 position 5,120 over limit 5,000; 12.0 SOL would be allowed",
        )

    def _account(self) -> View:
        def order(number: int, name: str, side: Side, price: str, state: OrderState) -> OrderRow:
            return OrderRow(
                client_order_id=number, instrument=InstrumentId(name), side=side,
                quantity="2.50", filled_quantity="2.50" if state.is_terminal else "0",
                limit_price=price, state=state, strategy=StrategyId("copy-aurora"), at=self.at,
            )  # fmt: skip

        sol, eth = "alpha:SOL_USDC_PERP", "alpha:ETH_USDC_PERP"
        return AccountView(
            positions=(
                PositionRow(
                    instrument=InstrumentId(sol), quantity="12.5", entry_price="140.86",
                    mark_price="141.27", unrealized_pnl="5.13", realized_pnl="313.27",
                ),
                PositionRow(
                    instrument=InstrumentId(eth), quantity="-0.40", entry_price="2838.10",
                    mark_price="2841.36", unrealized_pnl="-1.30", realized_pnl="0",
                ),
            ),
            orders=(
                order(1, sol, Side.BUY, "141.20", OrderState.FILLED),
                order(2, sol, Side.BUY, "141.20", OrderState.ACCEPTED),
                order(3, sol, Side.SELL, "141.34", OrderState.PARTIAL),
            ),
            balances=(("USDC", "98114.02"), ("SOL", "24.5")),
            realized_pnl="313.27",
            unrealized_pnl="3.83",
            fees="21.44",
        )  # fmt: skip

    def _alerts(self) -> View:
        return AlertsView(open=tuple(self.alerts), last_ended=self.last_ended)

    def _progress(self) -> View:
        return ProgressView(steps=self.steps)

    def _own_orders(self) -> None:

        market = self.markets[InstrumentId("alpha:SOL_USDC_PERP")]
        bid, ask = market.best()
        market.own_orders = [
            OwnOrder(bid - 2 * market.tick, Side.BUY, 25 * 10**9),
            OwnOrder(ask + 3 * market.tick, Side.SELL, 12 * 10**9),
        ]


def big_order_alert(link: FakeLink, number: int = 1, *, secs: int = 28) -> Alert:
    """Return the question about a copied order over the threshold."""
    return Alert(
        alert_id=AlertId(f"alert-{number}"),
        severity=Severity.WARNING,
        scope="copy-aurora",
        title="Copy Aurora wants to buy 15.0 SOL, over your threshold of 2,000 USDC",
        cause="Leader Aurora bought 60.0 SOL at 141.28; your ratio of 0.25 makes an order of "
        "2,119 USDC on alpha:SOL_USDC_PERP.",
        numbers=(
            AlertNumber("notional", "2,119.20 USDC", 40),
            AlertNumber("threshold", "2,000.00 USDC"),
            AlertNumber("limit price", "141.42", 40),
            AlertNumber("book mid", "141.27", 23),
            AlertNumber("leader fill", "60.0 at 141.28", 2_300),
            AlertNumber("position after", "27.5 SOL", 40),
        ),
        options=(
            AlertOption(
                key="approve", label="Approve once", effect="Sends the order with its limit price.",
                adds_risk=True,
            ),
            AlertOption(key="deny", label="Deny", effect="Skips this fill; copying goes on."),
            AlertOption(
                key="pause", label="Pause strategy",
                effect="Skips this fill and pauses Copy Aurora; its orders are cancelled.",
            ),
        ),
        safe_default="deny",
        raised_at=link.at,
        deadline=link.at + secs * NS,
    )  # fmt: skip
