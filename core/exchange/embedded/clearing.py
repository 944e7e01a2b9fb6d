"""Clearing: moves money for fills, locks it for resting orders, settles perpetual profit.

Fees go to one fee account, so that every asset's sum over all accounts never changes. A fee is
rounded up to the asset's fee decimals, in the venue's favor. Spot buys pay it in the base asset
they receive; spot sells and perpetuals pay it in the quote asset.
"""

from typing import Final

import msgspec

from core.exchange.embedded.accounts import (
    USDC,
    Account,
    Deposit,
    Fill,
    FundingPaid,
    Position,
    PositionRecord,
    Settlement,
)
from core.exchange.embedded.orders import Order
from core.exchange.embedded.spec import ASSETS, MarketSpec
from core.exchange.embedded.units import SCALE_DIGITS, Instant, rounded_up, truncated

_BPS: Final = 10_000
_SETTLE_UNIT: Final = 10 ** (SCALE_DIGITS - 6)
"""Periodic settlements are cut to 6 decimals, so that balances stay short texts."""
_FEE_ACCOUNT: Final = "fees"
_INSURANCE_ACCOUNT: Final = "insurance"
_LIQUIDATION_BPS: Final = 100


class PositionMoved(msgspec.Struct, frozen=True, gc=False):
    """A position after a change; `event` is the wire's word."""

    account: Account
    event: str
    position: Position
    quantity: int
    settled: int


class Clearing:
    """All accounts and every movement of money between them."""

    def __init__(self, first_id: int, instant: Instant) -> None:
        self._instant = instant
        self.accounts: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self._next_position_id = first_id
        self._sequence = first_id
        self._deposits = 0
        self._balance_changes: dict[tuple[str, str], None] = {}
        self._position_moves: list[PositionMoved] = []
        self.fee_account = self.open_account(_FEE_ACCOUNT, is_house=True)

    def open_account(
        self,
        name: str,
        *,
        api_key: str = "",
        is_house: bool = False,
        funding: dict[str, int] | None = None,
    ) -> Account:
        """Open an account with its first deposits, in atoms."""
        account = Account(name, 1_000_000 + len(self.accounts), api_key=api_key, is_house=is_house)
        self.accounts[name] = account
        if api_key:
            self.by_key[api_key] = account
        for asset, quantity in (funding or {}).items():
            account.balance(asset).available = quantity
            if not is_house:
                self._deposits += 1
                made = Deposit(self._deposits, asset, quantity, self._instant.ns)
                account.deposits.append(made)
        return account

    def house(self, name: str) -> Account:
        """Return a house account, opened on first use; it may owe what it likes."""
        found = self.accounts.get(name)
        return self.open_account(name, is_house=True) if found is None else found

    @property
    def insurance(self) -> Account:
        """Return the account that takes liquidation fees and bears what nobody else can."""
        return self.house(_INSURANCE_ACCOUNT)

    def relock(self, account: Account, spec: MarketSpec, order: Order) -> None:
        """Set aside exactly what the open rest of a spot limit order can cost."""
        if spec.is_perp or order.request.price is None:
            return
        leaves = order.leaves
        asset = spec.quote if order.is_bid else spec.base
        lock = leaves * (order.price * spec.cost_atoms if order.is_bid else spec.step_atoms)
        balance = account.balance(asset)
        balance.locked += lock - order.lock
        balance.available -= lock - order.lock
        order.lock = lock
        self._touch(account, asset)

    def execute(
        self, spec: MarketSpec, order: Order, steps: int, price: int, *, is_maker: bool
    ) -> tuple[int, str]:
        """Move the money of one side of a fill; return the fee in atoms and its asset."""
        account = self.accounts[order.owner]
        self.relock(account, spec, order)
        is_forced = order.system is not None
        bps = _LIQUIDATION_BPS if is_forced else _fee_bps(account, spec, is_maker=is_maker)
        if spec.is_perp:
            self._move_position(account, spec, steps if order.is_bid else -steps, price)
            fee_asset, base_of_fee = USDC, steps * price * spec.cost_atoms
        else:
            fee_asset, base_of_fee = self._swap(account, spec, order, steps, price)
        fee = _fee(base_of_fee, bps, fee_asset)
        taker = self.insurance if is_forced else self.fee_account
        self._transfer(account, taker, fee_asset, fee)
        self._note_fee(account, spec, fee, is_forced=is_forced)
        return fee, fee_asset

    def record(self, account: Account, fill: Fill) -> None:
        """Keep a fill in its account's history."""
        if not account.is_house:
            account.fills.append(fill)

    def settle(self, account: Account, position: Position, mark: int) -> None:
        """Pay a position's unsettled profit into USDC, cut to 6 decimals."""
        paid = truncated(position.unsettled(mark), _SETTLE_UNIT)
        if paid:
            self._pay(account, position, paid)
            self._moved(account, "positionAdjusted", position)

    def pay_funding(self, account: Account, position: Position, paid: FundingPaid) -> None:
        """Pay or take one position's funding; the other side is the caller's to settle."""
        position.funding += paid.quantity
        record = account.record_of(position)
        if record is not None:
            record.funding += paid.quantity
        account.balance(USDC).available += paid.quantity
        self._touch(account, USDC)
        if not account.is_house:
            account.fundings.append(paid)
            self._row(account, paid.quantity, position, "FundingPayment")

    def rescue(self, account: Account) -> None:
        """Let the insurance bear a debt in USDC that nothing can pay any more."""
        debt = -account.balance(USDC).total
        if debt > 0:
            self._transfer(self.insurance, account, USDC, debt)
            self._row(account, debt, None, "BackstopLiquidation")

    def drain_balances(self) -> list[tuple[Account, str]]:
        """Return the (account, asset) pairs that changed, and forget them."""
        changes = [(self.accounts[name], asset) for name, asset in self._balance_changes]
        self._balance_changes.clear()
        for account, asset in changes:
            account.log_lending(asset, self._instant.ns)
        return changes

    def drain_positions(self) -> list[PositionMoved]:
        """Return the moves of positions since the last call, and forget them."""
        moves, self._position_moves = self._position_moves, []
        return moves

    def _swap(
        self, account: Account, spec: MarketSpec, order: Order, steps: int, price: int
    ) -> tuple[str, int]:
        quantity, cost = steps * spec.step_atoms, steps * price * spec.cost_atoms
        sign = 1 if order.is_bid else -1
        account.balance(spec.base).available += sign * quantity
        account.balance(spec.quote).available -= sign * cost
        self._touch(account, spec.base)
        self._touch(account, spec.quote)
        return (spec.base, quantity) if order.is_bid else (spec.quote, cost)

    def _transfer(self, payer: Account, taker: Account, asset: str, quantity: int) -> None:
        payer.balance(asset).available -= quantity
        taker.balance(asset).available += quantity
        self._touch(payer, asset)
        self._touch(taker, asset)

    def _note_fee(self, account: Account, spec: MarketSpec, fee: int, *, is_forced: bool) -> None:
        if account.is_house or not spec.is_perp or not account.position_log:
            return
        for record in reversed(account.position_log):
            if record.position.spec is spec:
                record.fees += fee
                record.liquidation_fees += fee if is_forced else 0
                return

    def _move_position(self, account: Account, spec: MarketSpec, steps: int, price: int) -> None:
        held = account.position_steps(spec.symbol)
        closing = 0 if held * steps >= 0 else min(abs(held), abs(steps)) * (1 if steps > 0 else -1)
        if closing:
            self._close_part(account, spec, closing, price)
        if steps != closing:
            self._open_part(account, spec, steps - closing, price)

    def _close_part(self, account: Account, spec: MarketSpec, steps: int, price: int) -> None:
        position = account.positions[spec.symbol]
        position.add(steps, price)
        record = account.record_of(position)
        if record is not None:
            record.closed_steps += abs(steps)
            record.closed_notional += abs(steps) * price * spec.cost_atoms
            record.closed_ns = None if position.quantity else self._instant.ns
        if position.quantity:
            self._moved(account, "positionAdjusted", position)
            return
        self._pay(account, position, -position.cost - position.settled)
        del account.positions[spec.symbol]
        self._moved(account, "positionClosed", position)

    def _open_part(self, account: Account, spec: MarketSpec, steps: int, price: int) -> None:
        position, event = account.positions.get(spec.symbol), "positionAdjusted"
        if position is None:
            self._next_position_id += 1
            position = account.positions[spec.symbol] = Position(self._next_position_id, spec)
            event = "positionOpened"
            if not account.is_house:
                account.position_log.append(PositionRecord(position, self._instant.ns))
        position.add(steps, price)
        self._moved(account, event, position)

    def _pay(self, account: Account, position: Position, paid: int) -> None:
        position.settled += paid
        account.balance(USDC).available += paid
        self._touch(account, USDC)
        self._row(account, paid, position, "RealizePnl")

    def _row(self, account: Account, quantity: int, position: Position | None, source: str) -> None:
        self._sequence += 1
        if account.is_house or not quantity:
            return
        row = Settlement(
            quantity=quantity,
            position_id=None if position is None else position.id,
            symbol=None if position is None else position.spec.symbol,
            sequence=self._sequence,
            at_ns=self._instant.ns,
            source=source,
        )
        account.settlements.append(row)

    def _touch(self, account: Account, asset: str) -> None:
        if not account.is_house:
            self._balance_changes[account.name, asset] = None

    def _moved(self, account: Account, event: str, position: Position) -> None:
        if not account.is_house:
            move = PositionMoved(account, event, position, position.quantity, position.settled)
            self._position_moves.append(move)


def _fee_bps(account: Account, spec: MarketSpec, *, is_maker: bool) -> int:
    fees = account.fees
    if spec.is_perp:
        return fees.perp_maker_bps if is_maker else fees.perp_taker_bps
    return fees.spot_maker_bps if is_maker else fees.spot_taker_bps


def _fee(amount: int, bps: int, asset: str) -> int:
    unit = 10 ** (SCALE_DIGITS - ASSETS[asset].fee_decimals)
    return rounded_up(-(-amount * bps // _BPS), unit)
