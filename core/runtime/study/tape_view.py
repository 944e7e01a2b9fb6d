"""The tape as a view: by print or by aggressor, with a least notional, large lines marked."""

import msgspec

from core.analysis.units import MONEY_UNIT
from core.domain.study_views import TapeLine
from core.domain.views import TapeMode, TapeView
from core.runtime.study.market_study import MarketStudy


def tape_view(study: MarketStudy, rows: int, mode: TapeMode, least_notional: int) -> TapeView:
    """Build the newest lines worth at least so many whole quote units, newest last."""
    market = study.market
    lines, hidden = study.tapes.shown(
        rows, least_notional * MONEY_UNIT, is_joined=mode is TapeMode.SWEEPS
    )
    large = study.large_size
    return TapeView(
        instrument=market.instrument_id,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        rows=tuple(_marked(lines, large)),
        missed=market.tape.missed,
        large_size=large,
        hidden=hidden,
    )


def _marked(lines: list[TapeLine], large: int | None) -> list[TapeLine]:
    """Mark the large lines; nothing is missed before the first one shown."""
    if not lines:
        return []
    mark = msgspec.structs.replace
    found = [
        mark(line, is_large=True) if large is not None and line.size >= large else line
        for line in lines
    ]
    if found[0].missed_before:
        found[0] = mark(found[0], missed_before=0)
    return found
