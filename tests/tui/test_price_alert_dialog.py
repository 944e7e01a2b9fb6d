"""Price alerts at the keyboard: typed, listed, removed; told without taking the focus."""

import msgspec

from core.domain.alert import Alert, AlertOption, Severity
from core.domain.commands import AnswerAlert, Command, Receipt, RemovePriceAlert, SetPriceAlert
from core.domain.facts import AlertRaised
from core.domain.ids import AlertId, InstrumentId
from core.domain.price_alert import AlertDirection, AlertKind, PriceAlert
from core.domain.price_alert_writing import price_alert_text
from core.domain.study_views import PRICE_ALERTS, PriceAlertRow, PriceAlertsView
from core.domain.views import OpenAlert
from tests.tui.fake_link import FakeLink, big_order_alert
from tests.tui.flight import Flight, flying
from tui.dialogs.price_alert_typing import completed
from tui.dialogs.price_alerts import PriceAlerts

SOL = InstrumentId("alpha:SOL_USDC_PERP")


class AlertLink(FakeLink):
    """An engine that keeps price alerts in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[PriceAlertRow] = []
        self.builders[PRICE_ALERTS] = lambda _rest: PriceAlertsView(rows=tuple(self.rows))

    async def command(self, command: Command) -> Receipt:
        """Set and remove."""
        receipt = await super().command(command)
        if not receipt.is_accepted:
            return receipt
        if isinstance(command, SetPriceAlert):
            self.rows.append(_row(command.alert, f"pa-{len(self.rows) + 1}"))
        elif isinstance(command, RemovePriceAlert):
            self.rows = [row for row in self.rows if row.alert_id != command.alert_id]
        self.touch(PRICE_ALERTS)
        return receipt


def _row(alert: PriceAlert, alert_id: str) -> PriceAlertRow:
    return PriceAlertRow(
        alert_id=alert_id,
        instrument=alert.instrument,
        text=price_alert_text(alert),
        price=alert.price,
        is_armed=True,
        fired=0,
        last_fired_at=None,
        value_now=141.27,
    )


async def _type(flight: Flight, text: str) -> None:
    names = {" ": "space", ".": "full_stop", "_": "underscore", ":": "colon", "%": "percent_sign"}
    await flight.pilot.press(*(names.get(char, char) for char in text))
    await flight.settle()


async def _clear(flight: Flight) -> None:
    await flight.press("end", "ctrl+u")


async def test_an_alert_at_the_row_under_the_cursor_is_two_keys() -> None:
    """On the ladder the price is typed already; Enter sets it, and the list shows it."""
    link = AlertLink()
    async with flying(link) as flight:
        ladder = flight.panes.ladder_left
        flight.app.main.set_focus(ladder)
        await flight.press("k", "k", "k", "k", "A")
        assert isinstance(flight.app.screen, PriceAlerts)
        assert ladder.cursor_price is not None
        await flight.press("enter")

        (command,) = link.commands
        assert isinstance(command, SetPriceAlert)
        assert command.alert.instrument == ladder.instrument
        assert command.alert.threshold == ladder.cursor_price
        assert command.alert.kind is AlertKind.PRICE
        assert "price above" in flight.screen_text
        assert "141.27" in flight.screen_text


async def test_a_wrong_text_is_named_while_it_is_typed_and_not_sent() -> None:
    """The note says what would be right; Enter sends nothing."""
    link = AlertLink()
    async with flying(link) as flight:
        await flight.press("A")
        await _clear(flight)
        await _type(flight, "SOL_USDC price abve 3")
        assert "the direction is missing: above, below" in flight.screen_text
        await flight.press("enter")
        await _clear(flight)
        await _type(flight, "SOL_USDC_PERP price above 3")
        assert "alpha:SOL_USDC_PERP or orion:SOL_USDC_PERP" in flight.screen_text
        await flight.press("enter")

        assert link.commands == []
        await flight.press("escape")
        assert not flight.is_asking()


async def test_tab_completes_market_and_kind() -> None:
    """Two letters and a tab are a market; one more and a tab an example to change."""
    link = AlertLink()
    async with flying(link) as flight:
        await flight.press("A")
        await _clear(flight)
        await _type(flight, "btc_usdc_p")
        await flight.press("tab")
        await _type(flight, "r")
        await flight.press("tab", "enter")

        assert link.commands == [
            SetPriceAlert(
                alert=PriceAlert(
                    instrument=InstrumentId("alpha:BTC_USDC_PERP"),
                    kind=AlertKind.RSI,
                    direction=AlertDirection.ABOVE,
                    threshold=70 * 10**10,
                    interval="15m",
                )
            )
        ]


def test_completion_never_guesses_past_what_is_typed() -> None:
    """No market, no completion; a finished example stays."""
    catalogue = (SOL,)
    assert completed("", catalogue) == ""
    assert completed("zzz", catalogue) == "zzz"
    assert completed("sol", catalogue) == "SOL_USDC_PERP "
    assert completed("SOL x", catalogue) == "SOL x"
    assert completed("SOL mo", catalogue) == "SOL move beyond 2% in 15m"


async def test_delete_removes_the_alert_under_the_cursor() -> None:
    """Down goes to the list, Delete removes, Up leads back to the field."""
    link = AlertLink()
    base = PriceAlert(
        instrument=SOL, kind=AlertKind.PRICE, direction=AlertDirection.ABOVE, threshold=10**12
    )
    link.rows = [
        _row(base, "pa-1"),
        _row(msgspec.structs.replace(base, threshold=2 * 10**12), "pa-2"),
    ]
    async with flying(link) as flight:
        await flight.press("A")
        await flight.press("down", "down", "delete")

        assert link.commands == [RemovePriceAlert(alert_id="pa-2")]
        assert "price above 100" in flight.screen_text
        assert "price above 200" not in flight.screen_text
        await flight.press("up", "x")
        assert isinstance(flight.app.screen, PriceAlerts)


async def test_a_refusal_of_the_engine_stays_to_be_read() -> None:
    """The text stays in the field, the reason under it."""
    link = AlertLink()
    link.refusal = "this alert is set already, as pa-1"
    async with flying(link) as flight:
        await flight.press("A")
        await _clear(flight)
        await _type(flight, "alpha:SOL_USDC_PERP price above 150")
        await flight.press("enter")

        assert "this alert is set already" in flight.screen_text
        assert "price above 150" in flight.screen_text


async def test_the_palette_takes_an_alert_as_it_is_typed() -> None:
    """A text that is an alert is the first hit; Enter sets it."""
    link = AlertLink()
    async with flying(link) as flight:
        await flight.press("ctrl+p")
        await _type(flight, "eth_btc price below 0.032")
        await flight.pilot.pause(0.3)
        await flight.press("enter")
        await flight.settle()

        (command,) = link.commands
        assert isinstance(command, SetPriceAlert)
        assert command.alert.instrument == "alpha:ETH_BTC"
        assert command.alert.price == 320_000_000


async def test_an_empty_list_says_what_could_be_typed() -> None:
    """One example of each kind; the cursor does not go there."""
    async with flying(AlertLink()) as flight:
        await flight.press("A", "down")

        assert "No alerts yet" in flight.screen_text
        assert "ema9 crosses ema21 on 5m" in flight.screen_text
        assert flight.app.screen.focused is flight.app.screen.query_one("Input")


# ---- told, not asked ----------------------------------------------------------------------------


def _told(link: FakeLink, number: int = 1) -> Alert:
    return Alert(
        alert_id=AlertId(f"price/pa-{number}"),
        severity=Severity.INFO,
        scope=SOL,
        title=f"SOL_USDC_PERP price above 14{number}: 14{number}.3",
        cause="It came true.",
        numbers=(),
        options=(AlertOption(key="ack", label="Acknowledge", effect="It is off now."),),
        safe_default="ack",
        raised_at=link.at,
    )


async def _pass(flight: Flight, secs: int) -> None:
    for _ in range(secs):
        flight.link.advance(1_000)
        await flight.draw()


async def _fire(flight: Flight, number: int = 1, *, repeats: int = 1) -> None:
    link = flight.link
    alert = _told(link, number)
    link.alerts = [a for a in link.alerts if a.alert.alert_id != alert.alert_id]
    link.raise_alert(alert)
    link.alerts[-1] = OpenAlert(alert=alert, remaining_ms=None, repeats=repeats)
    link.add_fact(AlertRaised(at=link.at, alert=alert))
    await flight.draw()


async def test_a_fired_alert_is_told_and_takes_nothing() -> None:
    """A toast and the alerts line; focus, dialogs and panes stay as they were."""
    async with flying() as flight:
        await flight.press("A")
        await _fire(flight)
        assert isinstance(flight.app.screen, PriceAlerts)
        await flight.press("escape")
        focused = flight.focused
        await _fire(flight, 2)

        assert flight.focused == focused
        assert not flight.is_shown("sheet")
        assert "i INFO" in flight.panes.alert_line.row_text(0)
        assert "! opens it" in flight.panes.alert_line.row_text(0)
        assert "SOL_USDC_PERP price above 142" in flight.screen_text
        toasts = [note.message for note in flight.app._notifications]
        assert toasts == [
            "SOL_USDC_PERP price above 141: 141.3",
            "SOL_USDC_PERP price above 142: 142.3",
        ]


async def test_it_is_acknowledged_from_the_sheet_a_person_calls() -> None:
    """The key ! opens it, one key acknowledges, and the sheet goes when nothing is left."""
    async with flying() as flight:
        await _fire(flight)
        await flight.press("exclamation_mark")
        assert flight.is_shown("sheet")
        flight.clock.now += 0.6
        await flight.press("enter")
        assert flight.link.commands == [AnswerAlert(alert_id=AlertId("price/pa-1"), option="ack")]
        await _pass(flight, 5)

        assert not flight.is_shown("sheet")


async def test_a_question_goes_before_what_is_only_told() -> None:
    """The sheet comes up with the warning; once it is answered it does not stay for the rest."""
    async with flying() as flight:
        await _fire(flight)
        flight.link.raise_alert(big_order_alert(flight.link))
        await flight.draw()
        assert flight.focused == "sheet"
        assert "WARNING" in flight.panes.sheet.row_text(0)
        flight.clock.now += 0.6
        await flight.press("d")
        await _pass(flight, 5)

        assert not flight.is_shown("sheet")
        assert flight.focused != "sheet"
        assert "i INFO" in flight.panes.alert_line.row_text(0)


async def test_a_storm_of_one_alert_is_one_toast_and_a_counter() -> None:
    """Raised again within a minute it only counts; then the toast says how often."""
    async with flying() as flight:
        for repeats in range(1, 6):
            await _fire(flight, repeats=repeats)
        assert len(flight.app._notifications) == 1
        assert "5x" in flight.panes.alert_line.row_text(0)
        flight.clock.now += 60
        await _fire(flight, repeats=6)

        assert "(and 4 more)" in [n.message for n in flight.app._notifications][-1]
