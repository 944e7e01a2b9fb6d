"""What the ledger holds is priced again after a restart."""

import time

from core.domain.effects import SubscribeMarket
from core.domain.events import Event, InstrumentsListed
from core.domain.exact import Amount
from core.domain.facts import CashBooked, Mode
from core.domain.ids import Asset, VenueId
from core.runtime.assembly import DeskSettings, begin, build
from core.trading.ledger import OPENING
from tests.core.builders import ACCOUNT, SOL_PERP, SOL_SPOT, START, instrument


def test_holding_of_an_account_that_never_traded_is_priced_after_a_restart() -> None:
    """Without its price the equity stays unknown, and every entry of the run is denied."""
    settings = DeskSettings(
        mode=Mode.SIMULATION,
        venues=(VenueId("alpha"),),
        accounts=(ACCOUNT,),
        watchlist=(SOL_PERP,),
    )
    engine = build(settings, (), time.monotonic_ns)
    held = CashBooked(
        at=START,
        account=ACCOUNT,
        asset=Asset("SOL"),
        amount=Amount(50),
        source=OPENING,
        row_id="SOL",
    )
    listed = InstrumentsListed(
        ts_event=START,
        ts_recv=START,
        venue=VenueId("alpha"),
        instruments=(instrument(SOL_PERP), instrument(SOL_SPOT)),
    )

    begin(engine, (held,), 2, START)
    effects = engine.desk.handle(Event(2, START, listed))

    assert SubscribeMarket(instrument=SOL_SPOT) in effects
