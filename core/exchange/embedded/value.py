"""The latent value of every asset: what makers and informed takers believe in, past and future.

Log prices are correlated diffusions with drift regimes, a slow stochastic volatility and jumps. The
future is a 100 ms grid made a minute at a time; the past a one-minute grid made a day at a time,
walking back from the same first price. Blocks are drawn from a counter-based generator, so that the
same seed gives the same path in whatever order it is read. Floats: these are opinions, not money.
"""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from core.exchange.embedded.units import MINUTE_NS

Floats = npt.NDArray[np.float64]

_STEP_NS: Final = 100_000_000
_STEPS: Final = 600
_STEPS_PER_SEC: Final = 10
_BLOCK_SECS: Final = 60
_KEPT_BLOCKS: Final = 4
_DAY_MINUTES: Final = 1_440
_DAY_HOURS: Final = 24
_FUTURE, _PAST = 1, 2

_SWITCH_CHANCE: Final = 1 / 35
_DRIFT_BPS: Final = 0.28
_JUMP_CHANCE: Final = 1 / 550
_JUMP_BPS: Final = 7.0
_VOL_MEMORY: Final = 0.985
_VOL_NOISE: Final = 0.07
_MINUTE_FACTOR: Final = 12.0


class AssetLife(msgspec.Struct, frozen=True, gc=False):
    """One asset: where it starts, how it moves."""

    symbol: str
    price: float
    sigma_bps: float
    """Standard deviation of one second."""
    beta: float
    """Share of the common factor in its moves, 0 to 1."""


ASSET_LIVES: Final = (
    AssetLife("SOL", 141.0, 1.0, 0.80),
    AssetLife("BTC", 86_000.0, 0.62, 0.92),
    AssetLife("ETH", 2_760.0, 0.85, 0.86),
)


class ValueProcess:
    """Log prices of all assets at any instant from the start on."""

    def __init__(self, seed: int, start_ns: int) -> None:
        self.start_ns = start_ns
        self._seed = seed
        first = _generator(seed, _FUTURE, 0).normal(0.0, 0.004, len(ASSET_LIVES))
        self.first_logs: Floats = np.log([each.price for each in ASSET_LIVES]) + first
        self._tail = self.first_logs
        self._vol = 0.0
        self._drift = np.zeros(len(ASSET_LIVES))
        self._blocks: dict[int, list[list[float]]] = {}
        self._made = 0

    def log_price(self, asset: str, at_ns: int) -> float:
        """Return an asset's log price; before the start its first one."""
        step, rest = divmod(max(0, at_ns - self.start_ns), _STEP_NS)
        index = _INDEX[asset]
        here, there = self._at(step, index), self._at(step + 1, index)
        return here + (there - here) * (rest / _STEP_NS)

    def price(self, asset: str, at_ns: int) -> float:
        """Return an asset's price."""
        return math.exp(self.log_price(asset, at_ns))

    def _at(self, step: int, index: int) -> float:
        number, place = divmod(step, _STEPS)
        while self._made <= number:
            self._make_block()
        block = self._blocks.get(number)
        return self._blocks[min(self._blocks)][0][index] if block is None else block[place][index]

    def _make_block(self) -> None:
        number = self._made
        rng = _generator(self._seed, _FUTURE, number + 1)
        steps = self._moves(rng)
        path = np.vstack([self._tail, self._tail + np.cumsum(steps, axis=0)])
        self._blocks[number] = path[:-1].tolist()
        self._tail = path[-1]
        self._made += 1
        self._blocks.pop(number - _KEPT_BLOCKS, None)

    def _moves(self, rng: np.random.Generator) -> Floats:
        """Return the log returns of one block, shape (steps, assets)."""
        sigma = np.array([each.sigma_bps for each in ASSET_LIVES]) * 1e-4
        beta = np.array([each.beta for each in ASSET_LIVES])
        vols, drifts = self._regimes(rng)
        common = rng.standard_normal((_STEPS, 1))
        own = rng.standard_normal((_STEPS, len(ASSET_LIVES)))
        mixed = beta * common + np.sqrt(1 - beta**2) * own
        noise = sigma / math.sqrt(_STEPS_PER_SEC) * vols * mixed
        jumps = (rng.random((_STEPS, 1)) < _JUMP_CHANCE) * rng.normal(0, _JUMP_BPS, (_STEPS, 1))
        moves: Floats = noise + drifts / _STEPS_PER_SEC + jumps * 1e-4 * (0.5 + beta)
        return moves

    def _regimes(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Walk volatility and drift second by second; return both per step."""
        shocks, draws = rng.standard_normal(_BLOCK_SECS), rng.random((_BLOCK_SECS, 2))
        targets = rng.normal(0, _DRIFT_BPS * 1e-4, (_BLOCK_SECS, len(ASSET_LIVES)))
        vols, drifts = [], []
        for second in range(_BLOCK_SECS):
            self._vol = _VOL_MEMORY * self._vol + _VOL_NOISE * float(shocks[second])
            if draws[second, 0] < _SWITCH_CHANCE:
                shared = targets[second].mean() * 1.2
                self._drift = (targets[second] * 0.3 + shared) * (draws[second, 1] < 0.7)  # noqa: PLR2004
            vols.append(math.exp(self._vol))
            drifts.append(self._drift)
        column = np.repeat(np.array(vols), _STEPS_PER_SEC)[:, None]
        return column, np.repeat(np.array(drifts), _STEPS_PER_SEC, axis=0)


class PastProcess:
    """Log prices at the end of every minute before the start, newest first.

    Age 0 is the minute of the start, whose close is the first price of the future.
    """

    def __init__(self, seed: int, process: ValueProcess) -> None:
        self.last_minute = process.start_ns // MINUTE_NS
        self._seed = seed
        self._offsets: list[Floats] = [process.first_logs]

    def block(self, number: int) -> Floats:
        """Return the closes of one day, and one older for its last open; shape (1441, assets)."""
        returns = self._returns(number)
        first = self._offset(number)
        return np.vstack([first, first - np.cumsum(returns, axis=0)])

    def _offset(self, number: int) -> Floats:
        while len(self._offsets) <= number:
            older = self._returns(len(self._offsets) - 1).sum(axis=0)
            self._offsets.append(self._offsets[-1] - older)
        return self._offsets[number]

    def _returns(self, number: int) -> Floats:
        rng = _generator(self._seed, _PAST, number)
        sigma = np.array([each.sigma_bps for each in ASSET_LIVES]) * 1e-4 * _MINUTE_FACTOR
        beta = np.array([each.beta for each in ASSET_LIVES])
        vols = np.exp(np.repeat(rng.normal(-0.1, 0.35, _DAY_HOURS), _DAY_MINUTES // _DAY_HOURS))
        common = rng.standard_normal((_DAY_MINUTES, 1))
        own = rng.standard_normal((_DAY_MINUTES, len(ASSET_LIVES)))
        mixed = beta * common + np.sqrt(1 - beta**2) * own
        returns: Floats = sigma * vols[:, None] * mixed
        return returns


_INDEX: Final = {each.symbol: place for place, each in enumerate(ASSET_LIVES)}


def asset_column(asset: str) -> int:
    """Return an asset's column in the arrays of this module."""
    return _INDEX[asset]


def _generator(seed: int, stream: int, block: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, stream], counter=[0, 0, 0, block]))
