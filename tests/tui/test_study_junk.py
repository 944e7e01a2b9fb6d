"""Whatever a view holds and however large a pane is: every row has the width, nothing raises."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import inspect as mi

from core.domain.ids import InstrumentId
from core.domain.study_views import (
    DepthView,
    FlowView,
    FootprintView,
    FundingView,
    HeatmapView,
    PairsView,
    ProfileView,
    TrendView,
)
from core.domain.views import TapeView
from tests.tui.fake_studies import START
from tests.tui.study_stage import palette_named, pane_named
from tui.render.palette import Runs
from tui.render.text import width_of

VIEWS: dict[str, type[msgspec.Struct]] = {
    "depth": DepthView, "flow": FlowView, "heatmap": HeatmapView, "footprint": FootprintView,
    "profile": ProfileView, "trend": TrendView, "funding": FundingView, "pairs": PairsView,
    "tape": TapeView,
}  # fmt: skip
SMALL = {"columns": 40, "rows": 30, "price_decimals": 10, "size_decimals": 8}
NUMBERS = st.one_of(
    st.floats(), st.sampled_from([0.0, -0.0, 1e300, -1e300, 1e-300, 0.00001234, 1e16])
)
COUNTS = st.one_of(st.integers(-3, 400), st.integers(-(10**24), 10**24))
QUICK = (Phase.explicit, Phase.generate)
"""Views are wide: shrinking one would outlast the test."""
TEXTS = st.one_of(st.sampled_from(["", "alpha:SOL_USDC_PERP", "单边上涨", "[/x]", "a" * 90]),
                  st.text(st.characters(exclude_characters="nNiI"), max_size=12))  # fmt: skip


def _values(kind: mi.Type, name: str, width: int = 5) -> st.SearchStrategy[Any]:
    """Return a strategy of anything the type allows."""
    if isinstance(kind, mi.StructType):
        return _structs(kind)
    if isinstance(kind, mi.UnionType):
        return st.one_of(*(_values(part, name) for part in kind.types))
    if isinstance(kind, mi.VarTupleType):
        return st.lists(_values(kind.item_type, name), max_size=width).map(tuple)
    if isinstance(kind, mi.TupleType):
        return st.tuples(*(_values(part, name) for part in kind.item_types))
    simple: dict[type[mi.Type], st.SearchStrategy[Any]] = {
        mi.IntType: COUNTS, mi.FloatType: NUMBERS, mi.StrType: TEXTS, mi.BoolType: st.booleans(),
        mi.NoneType: st.none(), mi.BytesType: st.binary(max_size=1300),
    }  # fmt: skip
    if isinstance(kind, mi.EnumType):
        simple[mi.EnumType] = st.sampled_from(list(kind.cls))
    if name in SMALL:
        simple[mi.IntType] = st.integers(0, SMALL[name])
    return simple[type(kind)]


def _structs(kind: mi.StructType) -> st.SearchStrategy[Any]:
    fields = {field.name: _values(field.type, field.name) for field in kind.fields}
    return st.fixed_dictionaries(fields).map(lambda given: kind.cls(**given))


def _view(name: str) -> st.SearchStrategy[Any]:
    info = mi.type_info(VIEWS[name])
    assert isinstance(info, mi.StructType)
    return _structs(info)


def _rows(pane: Any, width: int, height: int) -> Iterator[tuple[int, Runs]]:
    yield from pane.content(width, height)


def _drawn_of(name: str, view: Any, *, is_plain: bool) -> Any:
    pane = pane_named(name, palette_named(is_plain=is_plain))
    pane.instrument = InstrumentId(getattr(view, "instrument", "alpha:SOL_USDC_PERP"))
    if name == "footprint":
        pane.interval = view.interval
    if hasattr(pane, "tick"):
        pane.tick(START)
    pane.show(view)
    return pane


@pytest.mark.parametrize("name", VIEWS)
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=QUICK,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_view_at_any_size_fills_its_rows_exactly(name: str, data: st.DataObject) -> None:
    """No row is wider or narrower than the pane, none is drawn outside it, nothing raises."""
    view = data.draw(_view(name))
    width, height = data.draw(st.integers(4, 130)), data.draw(st.integers(3, 40))
    pane = _drawn_of(name, view, is_plain=data.draw(st.booleans()))
    for step in data.draw(st.lists(st.sampled_from([-1, 1]), max_size=3)):
        pane.action_move_cursor(step)

    for row, runs in _rows(pane, width, height):
        assert 0 <= row < height
        assert sum(width_of(text) for text, _ in runs) == width


@pytest.mark.parametrize("name", VIEWS)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=QUICK,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_nothing_unknown_is_shown_as_a_number(name: str, data: st.DataObject) -> None:
    """NaN and infinity never reach the screen, nor the explanation."""
    pane = _drawn_of(name, data.draw(_view(name)), is_plain=False)
    texts = ["".join(text for text, _ in runs) for _, runs in _rows(pane, 118, 34)]
    texts += [said.value for said in pane.explain()]

    for text in texts:
        words = text.lower().replace("%", " ").split()
        assert not {"nan", "inf", "-inf", "+inf", "+nan"} & set(words)
