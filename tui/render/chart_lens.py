"""Where a person looks on a chart: zoom, place in time, crosshair, choices. Pure arithmetic."""

from typing import Final

import msgspec

from tui.render.chart_spec import USUAL_ZOOM, ZOOMS, Lower, Preset, Zoom

MOST_CANDLES: Final = 500
"""The engine answers no more at once; so far back a chart goes."""
_COUNT_STEP: Final = 20
"""Candles are asked for in such steps, so that a small move does not ask anew."""
_PAN_SHARE: Final = 3


class Reach(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What there is to look at, and the columns to show it in."""

    newest: int
    """Start of the newest candle."""
    oldest: int | None
    """Start of the oldest one there is; None while more may come."""
    interval_ns: int
    columns: int


class Lens(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A person's choices; they outlive every view."""

    zoom_step: int = USUAL_ZOOM
    end_ts: int | None = None
    """Start of the newest candle shown; None follows the newest."""
    crosshair: int | None = None
    """Slots from the newest one shown."""
    cross_row: int | None = None
    """Price row of the crosshair; None holds it to the close."""
    preset: Preset = Preset.AVERAGES
    lower: Lower = Lower.NONE
    is_line: bool = False
    locked: tuple[float, float] | None = None

    @property
    def zoom(self) -> Zoom:
        """How wide a candle is."""
        return ZOOMS[self.zoom_step]

    def slots(self, columns: int) -> int:
        """Return the slots that fit."""
        return columns // self.zoom.cells

    def changed(self, **changes: object) -> "Lens":
        """Return the lens with other choices."""
        return msgspec.structs.replace(self, **changes)

    def reset(self) -> "Lens":
        """Look at the newest candles of another market or interval with the same choices."""
        return self.changed(end_ts=None, crosshair=None, cross_row=None, locked=None)


def wanted_candles(lens: Lens, columns: int, newest: int | None, interval_ns: int) -> int:
    """Return how many of the newest candles the chart needs, 10 to `MOST_CANDLES`."""
    shown = lens.slots(columns) * lens.zoom.group + lens.zoom.group - 1
    if lens.end_ts is not None and newest is not None and interval_ns > 0:
        shown += (newest - lens.end_ts) // interval_ns
    stepped = -(-shown // _COUNT_STEP) * _COUNT_STEP
    return max(10, min(stepped, MOST_CANDLES))


def panned(lens: Lens, slots: int, reach: Reach) -> Lens:
    """Move so many slots into the past (negative: back to the present), as far as there is data."""
    end = reach.newest if lens.end_ts is None else lens.end_ts
    end -= slots * lens.zoom.group * reach.interval_ns
    end = max(end, _first_end(lens, reach))
    return lens.changed(end_ts=None if end >= reach.newest else end)


def _first_end(lens: Lens, reach: Reach) -> int:
    """Return the earliest right edge that leaves no blank at the left."""
    shown = min(lens.slots(reach.columns) * lens.zoom.group, MOST_CANDLES)
    first = reach.newest - (MOST_CANDLES - shown) * reach.interval_ns
    if reach.oldest is not None:
        first = max(first, reach.oldest + (shown - 1) * reach.interval_ns)
    return min(first, reach.newest)


def pan_step(lens: Lens, columns: int) -> int:
    """Return the slots one press moves: a third of what is seen."""
    return max(1, lens.slots(columns) // _PAN_SHARE)


def panned_home(lens: Lens, reach: Reach) -> Lens:
    """Move to the oldest candles there are."""
    return panned(lens, MOST_CANDLES, reach)


def zoomed(lens: Lens, step: int, reach: Reach) -> Lens:
    """Make candles wider (positive) or narrower; the candle under the crosshair stays seen."""
    place = max(0, min(lens.zoom_step - step, len(ZOOMS) - 1))
    other = lens.changed(zoom_step=place)
    is_finer = other.zoom.group > lens.zoom.group
    if is_finer and lens.slots(reach.columns) * lens.zoom.group >= MOST_CANDLES:
        return lens
    if lens.crosshair is None:
        return panned(other, 0, reach)
    end = reach.newest if lens.end_ts is None else lens.end_ts
    pointed = end - lens.crosshair * lens.zoom.group * reach.interval_ns
    return aimed(other, pointed, reach)


def aimed(lens: Lens, at: int, reach: Reach) -> Lens:
    """Put the crosshair on an instant and pan so that it is seen."""
    slot_ns = lens.zoom.group * reach.interval_ns
    end = reach.newest if lens.end_ts is None else lens.end_ts
    back = max(0, -(-(end - at) // slot_ns))
    if back >= lens.slots(reach.columns):
        middle = lens.slots(reach.columns) // 2
        lens = panned(lens.changed(end_ts=at + middle * slot_ns), 0, reach)
        end = reach.newest if lens.end_ts is None else lens.end_ts
        back = max(0, -(-(end - at) // slot_ns))
    return lens.changed(crosshair=min(back, max(0, lens.slots(reach.columns) - 1)))


def crosshair_moved(lens: Lens, step: int, reach: Reach) -> Lens:
    """Move the crosshair so many slots into the past; at an edge the chart moves instead.

    Beyond the newest candle the crosshair goes away.
    """
    place = (-1 if lens.crosshair is None else lens.crosshair) + step
    last = max(0, lens.slots(reach.columns) - 1)
    if place > last:
        return panned(lens, place - last, reach).changed(crosshair=last, cross_row=None)
    if place < 0:
        moved = panned(lens, place, reach)
        is_newest = lens.end_ts is None
        return moved.changed(crosshair=None if is_newest else 0, cross_row=None)
    return lens.changed(crosshair=place, cross_row=lens.cross_row)


def shifted(lens: Lens, slots: int) -> Lens:
    """Let the crosshair stay on its candle when new ones came; on the newest one it follows."""
    if not lens.crosshair or lens.end_ts is not None or slots <= 0:
        return lens
    return lens.changed(crosshair=lens.crosshair + slots)
