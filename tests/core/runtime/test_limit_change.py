"""Changing limits while the engine runs: tighter at once, looser only typed, and restarts."""

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.commands import ChangeLimits
from core.domain.facts import Fact, LimitsChanged, Noted
from core.domain.ids import StrategyId
from core.risk.limits import CapitalLimits, RiskLimits, version_of
from core.runtime.limit_judging import Judged, LimitWrong, judged, limits_of, texts_of
from core.runtime.limit_words import BY_NAME, WORDS, Tighter, words_of
from tests.core.builders import SECOND, START
from tests.core.runtime.rig import Rig

FILE: Final = (RiskLimits(), CapitalLimits())
SHARING: Final = (StrategyId("one"), StrategyId("two"), StrategyId("MANUAL"))


def _changed(rig: Rig, name: str, value: str, typed: str = "") -> tuple[bool, str]:
    receipt = rig.command(ChangeLimits(values=((name, value),), typed=typed))
    return receipt.is_accepted, receipt.text


def _tried(name: str, text: str) -> tuple[Judged | None, str]:
    try:
        return judged(FILE, ((name, text),), SHARING), ""
    except LimitWrong as wrong:
        return None, str(wrong)


def _restarted(rig: Rig, limits: RiskLimits | None = None) -> Rig:
    return Rig(journal=rig.facts, epoch=2, at=rig.at + SECOND, limits=limits)


# ---- tables --------------------------------------------------------------------------------------


def test_every_limit_of_the_configuration_has_words() -> None:
    """No limit is left out, none is invented, and each has a place of its own."""
    fields = [*RiskLimits.__struct_fields__, *CapitalLimits.__struct_fields__]

    assert sorted(words.name for words in WORDS) == sorted(fields)
    assert len({words.title for words in WORDS}) == len(fields)


def test_the_names_say_which_way_is_tighter() -> None:
    """A most is tighter when lower, a least when higher: what the name says, the table does."""
    for words in WORDS:
        if words.name.startswith("max_"):
            assert words.tighter is Tighter.LOWER
        if words.name.startswith(("min_", "reserve", "cool")):
            assert words.tighter is Tighter.HIGHER


# ---- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("nope", "1", "nope: there is no such limit"),
        ("capital.max_leverage", "1", "capital.max_leverage: there is no such limit"),
        ("max_leverage", "NaN", "risk.max_leverage: 'NaN' is no plain number"),
        ("max_leverage", "inf", "no plain number"),
        ("max_leverage", "1e3", "no plain number"),
        ("max_leverage", "1,5", "no plain number"),
        ("max_leverage", "", "no plain number"),
        ("max_leverage", "0x10", "no plain number"),
        ("max_leverage", "\u0662", "no plain number"),
        ("max_leverage", "1" * 40, "no plain number"),
        ("max_leverage", "0", "risk.max_leverage: 0 is out of range: it must be > 0"),
        ("max_leverage", "-1", "out of range"),
        ("max_open_orders", "2.5", "it must be a whole number"),
        ("max_open_orders", "101", "it must be <= 100"),
        ("max_book_age_ms", "5 s", "no plain number of ms"),
        ("day_loss_halt_pct", "0.05 bps", "no plain number of %"),
        ("max_leverage", "2", "risk.max_leverage: it is 2 already"),
        ("allowed_markets", "SOL_USDC", "'SOL_USDC' is no market; write venue:SYMBOL"),
        ("allocations_pct", "one", "write strategy=percent for each"),
        ("allocations_pct", "one=90", "add up to 110 %"),
        ("reserve_pct", "19", "capital.reserve_pct: 19 is out of range: it must be >= 20"),
        ("max_order_notional", "5001", "can only be tightened while the engine runs"),
    ],
)
def test_a_wrong_change_is_one_sentence_that_names_the_limit(
    name: str, text: str, said: str
) -> None:
    """Unknown names, wrong types, ranges and what is never loosened."""
    with pytest.raises(LimitWrong) as wrong:
        judged(FILE, ((name, text),), SHARING)

    assert said in str(wrong.value)
    assert name.rpartition(".")[2] in str(wrong.value)


def test_a_unit_may_be_written() -> None:
    """The unit of the limit itself is no mistake."""
    assert judged(FILE, (("max_book_age_ms", "500 ms"),), SHARING).limits[0].max_book_age_ms == 500
    found = judged(FILE, (("day_loss_halt_pct", "4.5%"),), SHARING)
    assert found.limits[1].day_loss_halt_pct == 4.5


def test_a_reserve_above_the_least_cannot_go_back() -> None:
    """What the file asks to keep is kept while the engine runs."""
    held = (RiskLimits(), CapitalLimits(reserve_pct=40))

    with pytest.raises(LimitWrong, match="can only be tightened"):
        judged(held, (("reserve_pct", "30"),), SHARING)


def test_limits_read_back_from_their_texts() -> None:
    """Written and read, any limits are the same."""
    held = (
        RiskLimits(max_leverage=1.25, allowed_markets=("alpha:SOL_USDC", "alpha:BTC_USDC")),
        CapitalLimits(reserve_pct=30, allocations_pct={"one": 12.5, "two": 20}),
    )

    assert limits_of(texts_of(held).items()) == held
    assert limits_of(texts_of(FILE).items()) == FILE


@given(name=st.sampled_from(sorted(BY_NAME)), text=st.text(max_size=30))
def test_any_text_is_refused_in_words_or_keeps_the_file_rules(name: str, text: str) -> None:
    """Whatever is typed, the result is one the configuration itself would take."""
    found, refusal = _tried(name, text)
    if found is None:
        assert name in refusal
        return
    for limits in found.limits:
        assert msgspec.convert(msgspec.to_builtins(limits), type(limits)) == limits


NUMBERS = [w.name for w in WORDS if w.tighter in {Tighter.LOWER, Tighter.HIGHER}]


@given(name=st.sampled_from(NUMBERS), factor=st.sampled_from([0.25, 0.5, 0.9, 1.1, 1.5, 4]))
def test_looser_is_what_lets_more_through(name: str, factor: float) -> None:
    """Of numbers: a most above, or a least below, what stands is looser; nothing else is."""
    words = words_of(name)
    assert words is not None
    held = getattr(FILE[0], name, None) or getattr(FILE[1], name, None) or 10
    new = round(held * factor) if isinstance(held, int) else round(held * factor, 4)
    more = (
        new > held
        if not name.startswith(("min_", "reserve_", "cool_", "losses_window"))
        else (new < held)
    )
    found, refusal = _tried(name, str(new))
    if found is None:
        assert "out of range" in refusal or (more and words.is_hard) or "already" in refusal
        return

    if name != "min_day_volume":
        assert found.changes[0].is_looser is more


@given(
    before=st.dictionaries(st.sampled_from(["one", "two"]), st.integers(1, 40)),
    after=st.dictionaries(st.sampled_from(["one", "two"]), st.integers(1, 40)),
)
def test_allocations_are_tighter_only_when_nobody_gets_more(
    before: dict[str, int], after: dict[str, int]
) -> None:
    """A share taken from one goes to those that have none of their own: that is looser."""

    def shares(given: dict[str, int]) -> dict[str, float]:
        rest = 80 - sum(given.values())
        free = [name for name in SHARING if name not in given]
        return {name: given.get(name, rest / len(free)) for name in SHARING}

    held = (RiskLimits(), CapitalLimits(allocations_pct=dict(before)))
    text = " ".join(f"{name}={pct}" for name, pct in after.items()) or "equal"
    try:
        found = judged(held, (("allocations_pct", text),), SHARING)
    except LimitWrong:
        assert before == after
        return

    was, now = shares(before), shares(after)
    assert found.changes[0].is_looser is any(now[name] > was[name] + 1e-9 for name in SHARING)


# ---- on a Desk -----------------------------------------------------------------------------------


def test_tightening_acts_at_once_and_names_new_limits() -> None:
    """The gate judges the very next order by it, under another version."""
    rig = Rig().open_markets()
    before = version_of(rig.rooms.risk.limits, rig.rooms.capital.limits)

    assert _changed(rig, "max_order_notional", "400") == (
        True, "risk.max_order_notional: 5000 -> 400 (tighter)",
    )  # fmt: skip

    rig.leader(quantity="10")
    assert not rig.placed
    assert "order cap" in rig.decisions[-1].text
    assert version_of(rig.rooms.risk.limits, rig.rooms.capital.limits) != before


def test_loosening_needs_the_name_and_the_value_typed() -> None:
    """Nothing is changed without the words; another value's words do not count."""
    rig = Rig().open_markets()

    for typed in ("", "max_leverage", "max_leverage 30", "yes"):
        is_taken, text = _changed(rig, "max_leverage", "3", typed)
        assert not is_taken
        assert "type max_leverage 3 to loosen" in text
    assert rig.rooms.risk.limits.max_leverage == 2
    assert not rig.of(LimitsChanged)

    assert _changed(rig, "max_leverage", "3", "max_leverage  3 ")[0]
    assert rig.rooms.risk.limits.max_leverage == 3


def test_several_changes_are_one_or_none() -> None:
    """A wrong one among them leaves all as they were."""
    rig = Rig().open_markets()
    both = (("max_leverage", "1"), ("max_open_orders", "0"))

    receipt = rig.command(ChangeLimits(values=both))

    assert not receipt.is_accepted
    assert rig.rooms.risk.limits == RiskLimits()


def test_no_words_loosen_the_hard_cap_or_the_reserve() -> None:
    """They are the file's alone, typed or not."""
    rig = Rig().open_markets()

    assert not _changed(rig, "max_order_notional", "9000", "max_order_notional 9000")[0]
    assert _changed(rig, "reserve_pct", "50")[0]
    assert not _changed(rig, "reserve_pct", "20", "reserve_pct 20")[0]
    assert rig.rooms.capital.limits.reserve_pct == 50


# ---- restarts ------------------------------------------------------------------------------------


def test_a_tightening_survives_and_a_loosening_does_not() -> None:
    """Of file and journal the stricter counts when a run begins."""
    rig = Rig().open_markets()
    _changed(rig, "max_leverage", "1.5")
    _changed(rig, "max_slippage_bps", "40", "max_slippage_bps 40")

    again = _restarted(rig)

    assert again.rooms.risk.limits.max_leverage == 1.5
    assert again.rooms.risk.limits.max_slippage_bps == 20
    assert _restarted(again).rooms.risk.limits.max_leverage == 1.5


def test_a_tightening_taken_back_is_forgotten() -> None:
    """Loosened to what the file says, the file counts."""
    rig = Rig().open_markets()
    _changed(rig, "max_leverage", "1.5")
    _changed(rig, "max_leverage", "2", "max_leverage 2")

    assert _restarted(rig).rooms.risk.limits.max_leverage == 2


def test_a_file_written_anew_is_the_newer_word_and_is_told() -> None:
    """Once; afterwards it is simply what the file says."""
    rig = Rig().open_markets()
    _changed(rig, "max_order_notional", "400")

    again = _restarted(rig, RiskLimits(max_order_notional=6_000))
    notes = [fact.text for fact in again.of(Noted) if isinstance(fact, Noted)]

    assert again.rooms.risk.limits.max_order_notional == 6_000
    assert [text for text in notes if "max_order_notional: the file says 6000 now" in text]
    third = Rig(
        journal=again.facts,
        epoch=3,
        at=again.at + SECOND,
        limits=RiskLimits(max_order_notional=5_000),
    )
    assert third.rooms.risk.limits.max_order_notional == 5_000
    assert len(third.of(Noted)) == len(again.of(Noted))


def test_a_tighter_file_counts_over_a_tightening() -> None:
    """A person who writes a stricter limit has it."""
    rig = Rig().open_markets()
    _changed(rig, "max_leverage", "1.5")

    assert _restarted(rig, RiskLimits(max_leverage=1)).rooms.risk.limits.max_leverage == 1


def test_the_journal_of_another_program_stops_nothing() -> None:
    """A limit or a value that is not known here is left out, the others count."""
    values = (("risk.gone", "1"), ("risk.max_leverage", "1"), ("risk.max_open_orders", "-4"))
    kept = (("risk.max_leverage", "2"), ("risk.gone", "9"))
    old: list[Fact] = [LimitsChanged(at=START, values=values, by="old", kept=kept)]

    rig = Rig(journal=old)

    assert rig.rooms.risk.limits == RiskLimits(max_leverage=1)
