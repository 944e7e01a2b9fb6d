"""The room of the alerts a person set on prices: market events in, firings out.

A market nobody set an alert on costs one look-up an event. A number is judged when the event that
moves it comes; windows and indicators once a second of engine time. A book that is not valid or is
stale fires nothing and breaks every hold.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.domain.effects import Effect, WakeAt
from core.domain.events import (
    BookSnapshotSeen,
    CandlesLoaded,
    Channel,
    ConnectionChanged,
    DepthChanged,
    LinkState,
    MalformedFrame,
    MarkPriceSeen,
    QuoteSeen,
    TickerSeen,
    TimerFired,
    TradeSeen,
)
from core.domain.facts import Fact, PriceAlertFired, PriceAlertRemoved, PriceAlertSet
from core.domain.ids import InstrumentId, symbol_of, venue_of
from core.domain.instrument import InstrumentKind
from core.domain.price_alert import INDICATOR_KINDS, WINDOW_KINDS, AlertKind, PriceAlert
from core.domain.price_alert_text import price_alert_fault
from core.domain.price_alert_writing import condition_text, price_alert_text
from core.domain.reaction import NOTHING, Reaction
from core.domain.study_views import PriceAlertRow, PriceAlertsView
from core.market.chase import BOOK_KEY
from core.market.room import MarketRoom
from core.market.touch import Touch
from core.market.views import STALE_NS
from core.runtime.price_alert_firing import firing
from core.runtime.price_alert_hold import SECOND, AlertHold, Value, side_of
from core.runtime.price_alert_values import AlertValues, is_believable, shown_value, value_text

Answer = tuple[bool, str, Reaction]
Handler = Callable[[Any, int], Reaction]
DUE_KEY: Final = "price-alerts/due/"
BEAT_KEY: Final = "price-alerts/beat"
MAX_ALERTS: Final = 200
_BEATEN: Final = WINDOW_KINDS | INDICATOR_KINDS
"""Kinds whose number moves with time, or costs more than a look: judged once a second."""
_BOOK: Final = frozenset({AlertKind.MID, AlertKind.SPREAD, AlertKind.IMBALANCE})
_MARK: Final = frozenset({AlertKind.MARK, AlertKind.FUNDING})
_NONE: Final[frozenset[AlertKind]] = frozenset()
_MOVED_BY: Final[dict[type, frozenset[AlertKind]]] = {
    DepthChanged: _BOOK,
    BookSnapshotSeen: _BOOK,
    MarkPriceSeen: _MARK,
    TradeSeen: frozenset({AlertKind.PRICE}),
    QuoteSeen: _NONE,
    TickerSeen: _NONE,
}
"""Events of one market; those that move no number may prove or disprove its book."""


class _Watched:
    """The alerts of one market, and whether its book could be believed at the newest look."""

    __slots__ = ("holds", "is_fresh", "kinds", "proof_at")

    def __init__(self) -> None:
        self.holds: dict[str, AlertHold] = {}
        self.kinds: frozenset[AlertKind] = _NONE
        self.is_fresh = False
        self.proof_at = 0

    def count(self) -> None:
        """Note which kinds can fire."""
        self.kinds = frozenset(hold.alert.kind for hold in self.holds.values() if hold.is_armed)

    def is_idle(self, moved: frozenset[AlertKind]) -> bool:
        """Whether an event that moves these kinds cannot matter."""
        if not self.is_fresh or not moved.isdisjoint(self.kinds):
            return False
        return all(hold.since is None for hold in self.holds.values())

    def interrupt(self) -> None:
        """Break every hold."""
        for hold in self.holds.values():
            hold.interrupt()


class PriceAlerts:
    """Every alert a person set. What is journaled changes only by facts."""

    def __init__(self, market: MarketRoom) -> None:
        self._market = market
        self._values = AlertValues(market)
        self._watched: dict[InstrumentId, _Watched] = {}
        self._where: dict[str, InstrumentId] = {}
        self._highest = 0
        self.version = 0

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        table: dict[type, Handler] = dict.fromkeys(_MOVED_BY, self.on_market)
        return table | {
            MalformedFrame: self.on_malformed,
            ConnectionChanged: self.on_connection,
            CandlesLoaded: self.on_candles,
            TimerFired: self.on_timer,
        }

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change the alerts."""
        return {
            PriceAlertSet: self._apply_set,
            PriceAlertRemoved: self._apply_removed,
            PriceAlertFired: self._apply_fired,
        }

    # ---- a person's word -----------------------------------------------------------------------

    def set(self, asked: PriceAlert, by: str, at: int) -> Answer:
        """Take an alert on a market that is known."""
        refusal = self._refusal(asked)
        if refusal is not None:
            return False, refusal, NOTHING
        alert = msgspec.structs.replace(asked, alert_id=f"pa-{self._highest + 1}")
        value = self._value_now(alert, at)
        side = None if value is None else side_of(alert, value)
        fact = PriceAlertSet(at=at, alert=alert, side=side, by=by)
        effects = [*self._needs(alert, at), WakeAt(key=DUE_KEY + alert.alert_id, at=at)]
        now = "" if value is None else f"; now {value_text(alert.kind, value)}"
        text = f"{symbol_of(alert.instrument)} {price_alert_text(alert)} is set{now}"
        return True, text, Reaction((fact,), tuple(effects))

    def remove(self, alert_id: str, by: str, at: int) -> Answer:
        """Forget an alert."""
        hold = self._find(alert_id)
        if hold is None:
            return False, f"there is no price alert {alert_id!r}", NOTHING
        text = f"{symbol_of(hold.alert.instrument)} {condition_text(hold.alert)} is removed"
        return True, text, Reaction((PriceAlertRemoved(at=at, alert_id=alert_id, by=by),))

    def restart_effects(self, at: int) -> tuple[Effect, ...]:
        """Ask again for what the alerts need, after a restart."""
        holds = [hold for hold in self._holds() if hold.is_armed]
        return tuple(effect for hold in holds for effect in self._needs(hold.alert, at))

    def _refusal(self, asked: PriceAlert) -> str | None:
        if len(self._where) >= MAX_ALERTS:
            return f"there are {MAX_ALERTS} price alerts already; remove one first"
        fault = price_alert_fault(asked)
        if fault is not None:
            return fault
        rules = self._market.rules(asked.instrument)
        is_spot = rules is not None and rules.kind is InstrumentKind.SPOT
        if is_spot and asked.kind in _MARK:
            name = symbol_of(asked.instrument)
            return f"{name} is a spot market: it has no {asked.kind}; a perpetual has"
        for hold in self._holds():
            same = msgspec.structs.replace(hold.alert, alert_id=asked.alert_id)
            if hold.is_armed and same == asked:
                return f"this alert is set already, as {hold.alert.alert_id}"
        return None

    def _needs(self, alert: PriceAlert, at: int) -> tuple[Effect, ...]:
        """Return the candles and the beat an alert lives on."""
        if alert.kind not in _BEATEN:
            return ()
        interval = alert.interval or "1m"
        wanted = self._market.want_candles(alert.instrument, interval, at)
        return (*wanted, _beat(at))

    # ---- events --------------------------------------------------------------------------------

    def on_market(self, body: Any, at: int) -> Reaction:
        """Judge the alerts whose number this event may have moved."""
        watched = self._watched.get(body.instrument)
        if watched is None:
            return NOTHING
        moved = _MOVED_BY[type(body)]
        return NOTHING if watched.is_idle(moved) else self._look(body.instrument, at, moved)

    def on_malformed(self, body: MalformedFrame, at: int) -> Reaction:
        """Break the holds of a book that is no longer believed."""
        return NOTHING if body.instrument is None else self._doubt(body.instrument, at)

    def _doubt(self, name: InstrumentId, at: int) -> Reaction:
        """Look whether a book is still believed, where anybody waits for it."""
        watched = self._watched.get(name)
        return NOTHING if watched is None else self._look(name, at, _NONE)

    def on_connection(self, body: ConnectionChanged, _at: int) -> Reaction:
        """Break the holds of every market whose public stream went down."""
        if body.channel is Channel.PUBLIC and body.state is not LinkState.UP:
            for name, watched in self._watched.items():
                if venue_of(name) == body.venue:
                    watched.is_fresh = False
                    watched.interrupt()
        return NOTHING

    def on_candles(self, body: CandlesLoaded, _at: int) -> Reaction:
        """Compute indicators anew on a history that changed."""
        self._values.forget_candles(body.instrument)
        return NOTHING

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Judge windows and indicators at the beat, and an alert whose hold is over."""
        if body.key == BEAT_KEY:
            return self._beat(at)
        if body.key.startswith(BOOK_KEY):
            return self._doubt(InstrumentId(body.key[len(BOOK_KEY) :]), at)
        if not body.key.startswith(DUE_KEY):
            return NOTHING
        alert_id = body.key[len(DUE_KEY) :]
        name = self._where.get(alert_id)
        return NOTHING if name is None else self._look(name, at, _NONE, only=alert_id)

    def _beat(self, at: int) -> Reaction:
        facts: list[Fact] = []
        effects: list[Effect] = []
        for name, watched in self._watched.items():
            if not _BEATEN.isdisjoint(watched.kinds):
                reaction = self._look(name, at, _BEATEN)
                facts.extend(reaction.facts)
                effects.extend((*reaction.effects, _beat(at)))
        return Reaction(tuple(facts), tuple(effects))

    # ---- judging -------------------------------------------------------------------------------

    def _look(
        self, name: InstrumentId, at: int, moved: frozenset[AlertKind], only: str = ""
    ) -> Reaction:
        """Look at a market; after a time in which it could not be believed, at all its alerts."""
        watched = self._watched[name]
        touch = self._market.touch(name, at)
        if touch is None or touch.proof_at is None or not is_believable(touch, at):
            watched.is_fresh = False
            watched.interrupt()
            return NOTHING
        had_gap = touch.proof_at - watched.proof_at > STALE_NS
        if had_gap:
            watched.interrupt()
        is_anew = had_gap or not watched.is_fresh
        watched.is_fresh, watched.proof_at = True, touch.proof_at
        chosen = [
            hold
            for alert_id, hold in watched.holds.items()
            if hold.is_armed and (is_anew or hold.alert.kind in moved or alert_id == only)
        ]
        return self._judged(chosen, touch, at) if chosen else NOTHING

    def _judged(self, holds: Iterable[AlertHold], touch: Touch, at: int) -> Reaction:
        facts: list[Fact] = []
        effects: list[Effect] = []
        for hold in holds:
            value = self._values.read(hold.alert, touch, at)
            if value is None:
                hold.interrupt()
                continue
            due_before = hold.due_at
            if hold.observe(value, at):
                fired = firing(hold, value, touch, at)
                facts.extend(fired.facts)
                effects.extend(fired.effects)
            elif hold.due_at is not None and (hold.due_at != due_before or hold.due_at <= at):
                effects.append(WakeAt(key=DUE_KEY + hold.alert.alert_id, at=hold.due_at))
        return Reaction(tuple(facts), tuple(effects)) if facts or effects else NOTHING

    # ---- views ---------------------------------------------------------------------------------

    def view(self, at: int) -> PriceAlertsView:
        """Show every alert with its number now, oldest first."""
        return PriceAlertsView(rows=tuple(self._row(hold, at) for hold in self._holds()))

    def prices(self, instrument: InstrumentId) -> tuple[int, ...]:
        """Return where armed alerts of a market stand, lowest first."""
        watched = self._watched.get(instrument)
        if watched is None:
            return ()
        armed = (hold.alert.price for hold in watched.holds.values() if hold.is_armed)
        return tuple(sorted({price for price in armed if price is not None}))

    def markets(self) -> tuple[InstrumentId, ...]:
        """Return the markets whose streams armed alerts need."""
        return tuple(dict.fromkeys(h.alert.instrument for h in self._holds() if h.is_armed))

    def _row(self, hold: AlertHold, at: int) -> PriceAlertRow:
        alert = hold.alert
        return PriceAlertRow(
            alert_id=alert.alert_id,
            instrument=alert.instrument,
            text=price_alert_text(alert),
            price=alert.price,
            is_armed=hold.is_armed,
            fired=hold.fired,
            last_fired_at=hold.last_fired_at,
            value_now=shown_value(self._value_now(alert, at)),
        )

    def _value_now(self, alert: PriceAlert, at: int) -> Value | None:
        """Return the number of an alert where its market can be believed."""
        touch = self._market.touch(alert.instrument, at)
        if touch is None or not is_believable(touch, at):
            return None
        return self._values.read(alert, touch, at)

    def _holds(self) -> list[AlertHold]:
        return [self._watched[name].holds[alert_id] for alert_id, name in self._where.items()]

    def _find(self, alert_id: str) -> AlertHold | None:
        name = self._where.get(alert_id)
        return None if name is None else self._watched[name].holds[alert_id]

    # ---- facts ---------------------------------------------------------------------------------

    def _apply_set(self, fact: PriceAlertSet) -> None:
        alert = fact.alert
        watched = self._watched.setdefault(alert.instrument, _Watched())
        watched.holds[alert.alert_id] = AlertHold(alert, fact.side)
        watched.count()
        self._where[alert.alert_id] = alert.instrument
        self._highest = max(self._highest, int(alert.alert_id.rpartition("-")[2]))
        self.version += 1

    def _apply_removed(self, fact: PriceAlertRemoved) -> None:
        name = self._where.pop(fact.alert_id, None)
        if name is None:
            return
        watched = self._watched[name]
        del watched.holds[fact.alert_id]
        watched.count()
        if not watched.holds:
            del self._watched[name]
        self.version += 1

    def _apply_fired(self, fact: PriceAlertFired) -> None:
        hold = self._find(fact.alert_id)
        if hold is not None:
            hold.note_fired(fact.side, fact.at)
            self._watched[hold.alert.instrument].count()
            self.version += 1


def _beat(at: int) -> WakeAt:
    return WakeAt(key=BEAT_KEY, at=(at // SECOND + 1) * SECOND)
