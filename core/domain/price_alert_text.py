"""Price alerts as a person types them, and back.

MARKET KIND [DIRECTION] LEVEL [in WINDOW | on INTERVAL] [for TIME] [once | repeat]
[cooldown TIME] [now]

SOL_USDC_PERP price above 141.20 once
SOL_USDC_PERP move beyond 2% in 15m repeat cooldown 5m
SOL_USDC_PERP ema9 crosses ema21 on 5m
"""

import re
from collections import deque
from typing import Final

import msgspec

from core.domain.errors import CockpitError, DataInvalid
from core.domain.fixed import scaled
from core.domain.ids import InstrumentId
from core.domain.price_alert import (
    DEFAULT_COOLDOWN_S,
    INDICATOR_KINDS,
    LONGEST_WAIT_S,
    LONGEST_WINDOW_S,
    MINUTE_S,
    PRICE_KINDS,
    WINDOW_KINDS,
    AlertDirection,
    AlertKind,
    PriceAlert,
)
from core.domain.price_alert_writing import FAST, SLOW, UNITS, duration_text, price_alert_text

INTERVALS: Final = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
EXAMPLES: Final = {
    AlertKind.PRICE: "price above 141.20",
    AlertKind.MID: "mid below 139.5",
    AlertKind.MARK: "mark crosses 140",
    AlertKind.MOVE: "move beyond 2% in 15m",
    AlertKind.VOLUME: "volume above 50000 in 5m",
    AlertKind.SPREAD: "spread above 5bps for 10s",
    AlertKind.FUNDING: "funding above 0.02%",
    AlertKind.IMBALANCE: "imbalance below -0.6 for 3s",
    AlertKind.EMA: "ema9 crosses ema21 on 5m",
    AlertKind.RSI: "rsi above 70 on 15m",
}
"""One of each kind, without its market."""
_KIND_WORDS: Final = {kind.value: kind for kind in AlertKind} | {FAST: AlertKind.EMA}
_DIRECTION_WORDS: Final = {word.value: word for word in AlertDirection} | {
    ">": AlertDirection.ABOVE,
    "over": AlertDirection.ABOVE,
    "<": AlertDirection.BELOW,
    "under": AlertDirection.BELOW,
    "cross": AlertDirection.CROSSES,
    "crossing": AlertDirection.CROSSES,
}
_USUAL_DIRECTION: Final = {
    AlertKind.PRICE: AlertDirection.CROSSES,
    AlertKind.MID: AlertDirection.CROSSES,
    AlertKind.MARK: AlertDirection.CROSSES,
    AlertKind.MOVE: AlertDirection.BEYOND,
    AlertKind.VOLUME: AlertDirection.ABOVE,
    AlertKind.SPREAD: AlertDirection.ABOVE,
    AlertKind.EMA: AlertDirection.CROSSES,
}
"""What is meant when no direction is typed; the others have to say it."""
_SIGNED: Final = frozenset({AlertKind.MOVE, AlertKind.FUNDING, AlertKind.IMBALANCE})
_SECONDS: Final = {"s": 1, "m": MINUTE_S, "h": 60 * MINUTE_S}
_NUMBER: Final = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?")
_DURATION: Final = re.compile(r"(\d{1,6})([smh])")
_MARKET: Final = re.compile(r"[!-~]{1,80}")
_RSI_MOST: Final = 100 * 10**10
_ONE: Final = 10**10
_Words = deque[str]


class AlertTextWrong(CockpitError):
    """A typed alert cannot be understood; says what would be right."""


def parse_price_alert(text: str) -> PriceAlert:
    """Read an alert as a person types it; the market may lack its venue.

    Raises:
        AlertTextWrong: with the word that is wrong, and what would be right.
    """
    words: _Words = deque(text.split())
    instrument = _market(words)
    kind = _kind(words)
    direction = _direction(words, kind)
    threshold = _threshold(words, kind, direction)
    window_s, interval = _span(words, kind)
    options = _Options(words)
    if options.counts_now and direction is AlertDirection.CROSSES:
        raise AlertTextWrong("'now' does not go with crosses", "use above, below or beyond")
    return PriceAlert(
        instrument=instrument,
        kind=kind,
        direction=direction,
        threshold=threshold,
        window_s=window_s,
        interval=interval,
        persistence_s=options.persistence_s,
        cooldown_s=options.cooldown_s,
        is_repeating=options.is_repeating,
        counts_now=options.counts_now,
    )


def price_alert_fault(alert: PriceAlert) -> str | None:
    """Say what is wrong with an alert that came without its text, or None."""
    nameless = msgspec.structs.replace(alert, alert_id="")
    try:
        read = parse_price_alert(f"{alert.instrument} {price_alert_text(alert)}")
    except AlertTextWrong as error:
        return str(error)
    return None if read == nameless else f"not an alert that can be written: {nameless}"


# ---- one part after the other -------------------------------------------------------------------


def _market(words: _Words) -> InstrumentId:
    if not words:
        raise AlertTextWrong("type an alert", f"such as SOL_USDC_PERP {_example(AlertKind.PRICE)}")
    word = words.popleft()
    if word.lower() in _KIND_WORDS:
        raise AlertTextWrong("the market is missing", f"such as SOL_USDC_PERP {word} …")
    if not _MARKET.fullmatch(word):
        raise AlertTextWrong(f"{word[:40]!r} is no market", "write it as alpha:SOL_USDC_PERP")
    return InstrumentId(word)


def _kind(words: _Words) -> AlertKind:
    word = words.popleft() if words else ""
    kind = _KIND_WORDS.get(word.lower())
    if kind is None:
        known = ", ".join([*(k for k in AlertKind if k is not AlertKind.EMA), FAST])
        what = f"{word[:40]!r} cannot be watched" if word else "what to watch is missing"
        raise AlertTextWrong(what, f"one of {known}")
    return kind


def _direction(words: _Words, kind: AlertKind) -> AlertDirection:
    direction = _DIRECTION_WORDS.get(words[0].lower()) if words else None
    if direction is None:
        usual = _USUAL_DIRECTION.get(kind)
        if usual is None or (words and words[0][0].isalpha() and words[0].lower() != SLOW):
            known = ", ".join(AlertDirection)
            raise AlertTextWrong("the direction is missing", f"{known}: {_example(kind)}")
        return usual
    words.popleft()
    if direction is AlertDirection.BEYOND and kind not in _SIGNED:
        raise AlertTextWrong(
            f"{kind} has no 'beyond'", f"above, below or crosses: {_example(kind)}"
        )
    return direction


def _threshold(words: _Words, kind: AlertKind, direction: AlertDirection) -> int:
    if kind is AlertKind.EMA:
        if not words or words.popleft().lower() != SLOW:
            raise AlertTextWrong(f"{FAST} is compared with {SLOW}", _example(kind))
        return 0
    if not words:
        raise AlertTextWrong("the level is missing", _example(kind))
    word = words.popleft()
    unit = UNITS.get(kind, "")
    number = word.lower().removesuffix(unit) if unit else word
    if words and unit and words[0].lower() == unit:
        words.popleft()
    level = _number(word, number, kind)
    _check_level(level, kind, direction)
    return level


def _number(word: str, number: str, kind: AlertKind) -> int:
    if not _NUMBER.fullmatch(number) or not any(char.isdigit() for char in number):
        raise AlertTextWrong(f"{word[:40]!r} is no level", _example(kind))
    plain = number.replace(",", "").removeprefix("+")
    try:
        return scaled(f"0{plain}" if plain.startswith(".") else plain.replace("-.", "-0."))
    except DataInvalid as error:
        raise AlertTextWrong(f"{word[:40]!r} is no level", error.title) from None


def _check_level(level: int, kind: AlertKind, direction: AlertDirection) -> None:
    if direction is AlertDirection.BEYOND and level <= 0:
        raise AlertTextWrong("beyond takes a level over 0", "it stands for both sides")
    if level <= 0 and (kind in PRICE_KINDS or kind is AlertKind.VOLUME):
        raise AlertTextWrong(f"the {kind} has to be over 0", _example(kind))
    if level < 0 and kind not in _SIGNED:
        raise AlertTextWrong(f"the {kind} is never under 0", _example(kind))
    if kind is AlertKind.IMBALANCE and abs(level) > _ONE:
        raise AlertTextWrong("imbalance lies between -1 and 1", _example(kind))
    if kind is AlertKind.RSI and level > _RSI_MOST:
        raise AlertTextWrong("rsi lies between 0 and 100", _example(kind))


def _span(words: _Words, kind: AlertKind) -> tuple[int, str]:
    """Read the window of moves and volumes, or the candles of indicators."""
    joint = words[0].lower() if words else ""
    if kind in WINDOW_KINDS:
        if joint != "in":
            raise AlertTextWrong("the window is missing", _example(kind))
        words.popleft()
        return _window(words), ""
    if kind in INDICATOR_KINDS:
        if joint != "on":
            raise AlertTextWrong("the candles are missing", _example(kind))
        words.popleft()
        return 0, _interval(words)
    if joint in {"in", "on"}:
        raise AlertTextWrong(f"{kind} takes no {joint!r}", _example(kind))
    return 0, ""


def _window(words: _Words) -> int:
    seconds = _duration(words, "in")
    if seconds % MINUTE_S or not MINUTE_S <= seconds <= LONGEST_WINDOW_S:
        raise AlertTextWrong("a window is of whole minutes", "from 1m to 24h")
    return seconds


def _interval(words: _Words) -> str:
    word = words.popleft().lower() if words else ""
    if word not in INTERVALS:
        raise AlertTextWrong(f"there are no candles of {word[:20]!r}", ", ".join(INTERVALS))
    return word


def _duration(words: _Words, after: str) -> int:
    word = words.popleft().lower() if words else ""
    found = _DURATION.fullmatch(word)
    if found is None:
        raise AlertTextWrong(f"after {after!r} comes a time", "such as 30s, 5m or 2h")
    return int(found[1]) * _SECONDS[found[2]]


class _Options:
    """The words after the condition, in any order, each at most once."""

    def __init__(self, words: _Words) -> None:
        self.persistence_s = 0
        self.cooldown_s = DEFAULT_COOLDOWN_S
        self.is_repeating = False
        self.counts_now = False
        seen: set[str] = set()
        while words:
            word = words.popleft().lower()
            name = {"once": "repeat", "every": "cooldown"}.get(word, word)
            if name in seen:
                raise AlertTextWrong(f"{word!r} says what was said already", "leave one out")
            seen.add(name)
            self._take(word, words)

    def _take(self, word: str, words: _Words) -> None:
        if word in {"once", "repeat"}:
            self.is_repeating = word == "repeat"
        elif word == "now":
            self.counts_now = True
        elif word == "for":
            self.persistence_s = self._wait(words, word)
        elif word in {"cooldown", "every"}:
            self.cooldown_s = self._wait(words, word)
        else:
            raise AlertTextWrong(
                f"{word[:40]!r} is not understood",
                "for 5s, once, repeat, cooldown 5m, now",
            )

    def _wait(self, words: _Words, after: str) -> int:
        seconds = _duration(words, after)
        if seconds > LONGEST_WAIT_S:
            raise AlertTextWrong(f"{after!r} takes at most 24h", duration_text(seconds))
        return seconds


def _example(kind: AlertKind) -> str:
    return EXAMPLES[kind]
