"""Worlds: venues that share one latent value, each fed in its own way, with demo accounts.

`DemoWorld` holds `alpha` and `beta`, which disagree now and then; `single_venue` makes one exchange
for the server. All of it is a function of the seed and the instants it is advanced to.
"""

import math
import random
from collections.abc import Callable
from typing import Final

import msgspec

from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.history import MarketHistory, recent_trades
from core.exchange.embedded.keys import KeyPair, derived_keys, derived_number
from core.exchange.embedded.leader import Leader
from core.exchange.embedded.life import HOUSE_FUNDING, LifeStyle, MarketLife
from core.exchange.embedded.market import Market
from core.exchange.embedded.spec import MARKETS, FeeSchedule, MarketSpec
from core.exchange.embedded.units import MINUTE_NS, NS_PER_MS, NS_PER_SEC, SCALE, atoms
from core.exchange.embedded.value import PastProcess, ValueProcess

ALPHA: Final = "alpha"
BETA: Final = "beta"
TRADER: Final = "trader"
LEADER: Final = "leader"
_TRADER_FUNDING: Final = {
    "USDC": atoms("100000"),
    "SOL": atoms("50"),
    "BTC": atoms("0.1"),
    "ETH": atoms("2"),
}
_LEADER_FUNDING: Final = {"USDC": atoms("250000")}
_FIRST_ID: Final = 1_000_000_000


class VenueStyle(msgspec.Struct, frozen=True, gc=False):
    """How one venue sees the value and how its markets live."""

    name: str
    lag_ns: int
    noise_bps: float
    pulse_every_secs: float
    """How often the venue's view of an asset jumps away for a second or two."""
    pulse_bps: float
    life: LifeStyle
    fees: FeeSchedule = FeeSchedule()
    activity: float = 1.0


ALPHA_STYLE: Final = VenueStyle(ALPHA, 60 * NS_PER_MS, 0.35, 60.0, 7.0, LifeStyle())
BETA_STYLE: Final = VenueStyle(
    name=BETA,
    lag_ns=420 * NS_PER_MS,
    noise_bps=0.9,
    pulse_every_secs=22.0,
    pulse_bps=12.0,
    life=LifeStyle(
        half_spread_bps=0.7,
        quote_every_secs=0.26,
        takers_per_sec=0.24,
        taker_notional=1_000.0,
        depth_notional=5_500.0,
    ),
    fees=FeeSchedule(spot_maker_bps=8, spot_taker_bps=9, perp_maker_bps=1, perp_taker_bps=4),
    activity=0.45,
)


class _Lens:
    """One venue's view of one market's value: late, noisy, now and then far off."""

    _CALM_SECS: Final = 1.1
    _NOISE_SECS: Final = 4.0

    def __init__(
        self, process: ValueProcess, spec: MarketSpec, style: VenueStyle, seed: int
    ) -> None:
        self._process = process
        self._spec = spec
        self._style = style
        self._random = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self._noise = 0.0
        self._pulse = 0.0
        self._seen_ns = process.start_ns

    def __call__(self, _symbol: str, now_ns: int) -> float:
        self._drift(max(0, now_ns - self._seen_ns) / NS_PER_SEC)
        self._seen_ns = now_ns
        late = now_ns - self._style.lag_ns
        value = self._process.log_price(self._spec.base, late)
        if self._spec.quote != "USDC":
            value -= self._process.log_price(self._spec.quote, late)
        return value + (self._noise + self._pulse) * 1e-4

    def _drift(self, age_secs: float) -> None:
        keep = math.exp(-age_secs / self._NOISE_SECS)
        spread = self._style.noise_bps * math.sqrt(1 - keep * keep)
        self._noise = self._noise * keep + self._random.gauss(0, 1) * spread
        self._pulse *= math.exp(-age_secs / self._CALM_SECS)
        if self._random.random() < age_secs / self._style.pulse_every_secs:
            self._pulse += self._random.gauss(0, self._style.pulse_bps)


class Venue(msgspec.Struct, frozen=True):
    """One exchange with its demo keys; `leader` is None where nobody leads."""

    name: str
    exchange: Exchange
    trader: KeyPair
    leader: KeyPair | None = None


class DemoWorld:
    """Two venues, `alpha` with a leader and `beta`, fed differently from one value."""

    def __init__(self, seed: int, start_ns: int) -> None:
        process = ValueProcess(seed, start_ns)
        self.alpha = _venue(seed, process, ALPHA_STYLE, with_leader=True)
        self.beta = _venue(seed, process, BETA_STYLE, with_leader=False)
        self.venues = {ALPHA: self.alpha, BETA: self.beta}

    def advance(self, now_ns: int) -> None:
        """Let both venues live up to now."""
        for venue in self.venues.values():
            venue.exchange.advance(now_ns)


def single_venue(seed: int, start_ns: int, faults: Faults | None = None) -> Venue:
    """Make one living venue with a leader, as the server offers it."""
    process = ValueProcess(seed, start_ns)
    return _venue(seed, process, ALPHA_STYLE, with_leader=True, faults=faults)


def _venue(
    seed: int,
    process: ValueProcess,
    style: VenueStyle,
    *,
    with_leader: bool,
    faults: Faults | None = None,
) -> Venue:
    past = PastProcess(seed, process)
    markets = [_market(spec, past, process, style, seed) for spec in MARKETS]
    first_id = _FIRST_ID + derived_number(seed, style.name) % _FIRST_ID
    exchange = Exchange(markets, first_id=first_id, start_ns=process.start_ns, faults=faults)
    exchange.index_source = _index_source(process)
    clearing = exchange.floor.clearing
    for name in ("maker", "taker"):
        clearing.open_account(name, is_house=True, funding=HOUSE_FUNDING)
    trader = derived_keys(seed, style.name, TRADER)
    account = clearing.open_account(TRADER, api_key=trader.api_key, funding=_TRADER_FUNDING)
    account.fees = style.fees
    for spec in MARKETS:
        lens = _Lens(process, spec, style, derived_number(seed, style.name, "lens", spec.symbol))
        life_seed = derived_number(seed, style.name, "life", spec.symbol)
        MarketLife(exchange, spec.symbol, lens, style.life, life_seed).start()
    leader = _with_leader(seed, exchange, style) if with_leader else None
    return Venue(style.name, exchange, trader, leader)


def _market(
    spec: MarketSpec, past: PastProcess, process: ValueProcess, style: VenueStyle, seed: int
) -> Market:
    number = derived_number(seed, style.name, spec.symbol)
    history = MarketHistory(
        spec,
        past,
        seed=number,
        partial=process.start_ns % MINUTE_NS / MINUTE_NS,
        activity=style.activity,
    )
    made = Market(spec, history, last=history.last_price, first_id=_FIRST_ID + number % _FIRST_ID)
    for print_ in recent_trades(spec, history, made, process.start_ns):
        made.tape.append(print_)
    return made


def _with_leader(seed: int, exchange: Exchange, style: VenueStyle) -> KeyPair:
    keys = derived_keys(seed, style.name, LEADER)
    clearing = exchange.floor.clearing
    account = clearing.open_account(LEADER, api_key=keys.api_key, funding=_LEADER_FUNDING)
    account.fees = style.fees
    Leader(exchange, account, derived_number(seed, style.name, LEADER)).start()
    return keys


def _index_source(process: ValueProcess) -> Callable[[str, int], int]:
    def index(asset: str, now_ns: int) -> int:
        return int(process.price(asset, now_ns) * 10**8) * (SCALE // 10**8)

    return index
