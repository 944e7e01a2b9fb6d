"""Help while a price alert is typed: the market's full name, and completions."""

import msgspec

from core.domain.ids import InstrumentId, symbol_of
from core.domain.price_alert import PriceAlert
from core.domain.price_alert_text import EXAMPLES, AlertTextWrong, parse_price_alert
from tui.dialogs.add_market import matches, unknown_text
from tui.screens.aiming import short_name


def named_market(alert: PriceAlert, catalogue: tuple[InstrumentId, ...]) -> PriceAlert:
    """Give the alert its market's full name; without a catalogue the engine finds it.

    Raises:
        AlertTextWrong: when no venue, or more than one, has such a market.
    """
    if not catalogue:
        return alert
    wanted = alert.instrument.lower()
    found = [name for name in catalogue if wanted in {name.lower(), symbol_of(name).lower()}]
    if not found:
        raise AlertTextWrong("this market is not known", unknown_text(alert.instrument, catalogue))
    if len(found) > 1:
        raise AlertTextWrong("several venues have it", " or ".join(found))
    return msgspec.structs.replace(alert, instrument=found[0])


def completed(text: str, catalogue: tuple[InstrumentId, ...]) -> str:
    """Complete the market while it is the only word, then the kind of alert by an example."""
    words = text.split()
    if len(words) < 2 and not (words and text.endswith(" ")):  # noqa: PLR2004 - market, kind
        found = matches(text, catalogue)
        return f"{short_name(found[0], catalogue)} " if found and words else text
    market, typed = words[0], " ".join(words[1:]).lower()
    example = next((e for e in EXAMPLES.values() if e.startswith(typed) and e != typed), None)
    return text if example is None else f"{market} {example}"


def typed_alert(text: str, catalogue: tuple[InstrumentId, ...]) -> PriceAlert | None:
    """Read a text that may be a price alert; None where it is none, or no market has it."""
    try:
        return named_market(parse_price_alert(text), catalogue)
    except AlertTextWrong:
        return None
