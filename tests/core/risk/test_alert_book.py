"""The book of alerts: one end each, repeats and storms folded, a history rebuilt from facts."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.domain.alert import Alert, AlertEnd, AlertOption, Severity
from core.domain.commands import AnswerAlert
from core.domain.facts import AlertEnded, AlertRaised
from core.domain.ids import AlertId
from core.risk.alert_book import (
    DEFAULTS,
    HISTORY_KEPT,
    STORM_COUNT,
    STORM_NS,
    STORM_PREFIX,
    AlertBook,
)
from tests.core.builders import SECOND, START

SAFE: Final = AlertOption(key="safe", label="Safe", effect="Nothing is risked.")
BOLD: Final = AlertOption(key="bold", label="Bold", effect="Risks.", adds_risk=True, token="100")


def alert(
    name: str,
    *,
    at: int = START,
    severity: Severity = Severity.WARNING,
    scope: str = "market",
    title: str = "",
    secs: int | None = 30,
    terms_hash: str | None = None,
) -> Alert:
    """Make an alert; its title follows its name."""
    return Alert(
        alert_id=AlertId(name),
        severity=severity,
        scope=scope,
        title=title or f"title of {name}",
        cause="a test",
        numbers=(),
        options=(SAFE, BOLD),
        safe_default=SAFE.key,
        raised_at=at,
        deadline=None if secs is None else at + secs * SECOND,
        terms_hash=terms_hash,
    )


def raised(book: AlertBook, *alerts: Alert) -> None:
    """Raise alerts as facts would."""
    for each in alerts:
        book.raised(AlertRaised(at=each.raised_at, alert=each))


def shown(book: AlertBook, at: int = START) -> list[tuple[str, int]]:
    """Return the ids shown, with their repeats."""
    return [(row.alert.alert_id, row.repeats) for row in book.view(at).open]


# ---- repeats -----------------------------------------------------------------------------------


def test_same_scope_and_title_are_one_alert_with_a_counter() -> None:
    """The first keeps its name and its deadline; a repeat never buys time."""
    book = AlertBook()
    raised(book, alert("a", title="same"), alert("b", title="same", at=START + 20 * SECOND))

    assert shown(book) == [("a", 2)]
    assert book.expired(AlertId("a"), START + 30 * SECOND) is not None
    assert book.expired(AlertId("b"), START + 50 * SECOND) is None


@pytest.mark.parametrize(
    "other",
    [
        alert("b", title="same", scope="elsewhere"),
        alert("b", title="another"),
        alert("b", title="same", severity=Severity.CRITICAL),
        alert("b", title="same", terms_hash="order"),
    ],
)
def test_what_is_not_the_same_stays_apart(other: Alert) -> None:
    """Scope, title, urgency; and a question about an order is never folded into another."""
    book = AlertBook()
    raised(book, alert("a", title="same"), other)

    assert sorted(shown(book)) == [("a", 1), ("b", 1)]


def test_repeat_after_the_end_is_a_new_alert() -> None:
    """What was answered does not swallow what comes later."""
    book = AlertBook()
    raised(book, alert("a", title="same"))
    book.ended(
        AlertEnded(at=START, alert_id=AlertId("a"), end=AlertEnd.ANSWERED, option="safe", by="x")
    )
    raised(book, alert("b", title="same"))

    assert shown(book) == [("b", 1)]


# ---- storms ------------------------------------------------------------------------------------


def storm(count: int, *, gap_ns: int = 0, severity: Severity = Severity.WARNING) -> AlertBook:
    """Raise so many alerts, so far apart."""
    book = AlertBook()
    for number in range(count):
        at = START + number * gap_ns
        raised(book, alert(f"n{number:03}", at=at, severity=severity, scope=f"s{number % 2}"))
    return book


def test_more_than_ten_alerts_within_ten_seconds_fold_into_one_summary_a_scope() -> None:
    """The first ten stand by themselves; the rest are counted in two summaries."""
    rows = shown(storm(STORM_COUNT + 7))

    assert len(rows) == STORM_COUNT + 2
    assert {row for row in rows if row[0].startswith(STORM_PREFIX)} == {
        (f"{STORM_PREFIX}s0", 4),
        (f"{STORM_PREFIX}s1", 3),
    }


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.EMERGENCY])
def test_storm_hides_nothing_urgent(severity: Severity) -> None:
    """CRITICAL and above are always visible."""
    assert len(shown(storm(50, severity=severity))) == 50


def test_ten_alerts_in_ten_seconds_are_no_storm() -> None:
    """Only more than ten within the window are."""
    assert len(shown(storm(STORM_COUNT))) == STORM_COUNT
    slow = storm(40, gap_ns=STORM_NS // STORM_COUNT + 1)
    assert len(shown(slow)) == 40


def test_summary_can_only_end_its_alerts_on_the_safe_side() -> None:
    """No choice of a summary adds risk."""
    book = storm(30)
    (summary,) = [
        row.alert for row in book.view(START).open if row.alert.alert_id == f"{STORM_PREFIX}s0"
    ]

    assert [(o.key, o.adds_risk) for o in summary.options] == [(DEFAULTS, False)]
    ends = book.defaults_of(summary.alert_id, "me", START)
    assert len(ends) == 10
    assert {(end.option, end.by) for end in ends} == {("safe", "me")}


# ---- the history -------------------------------------------------------------------------------


@given(st.integers(0, HISTORY_KEPT + 50))
def test_history_keeps_the_newest_and_counts_all(count: int) -> None:
    """Bounded, newest first."""
    book = AlertBook()
    for number in range(count):
        raised(book, alert(f"n{number}"))
        book.ended(
            AlertEnded(
                at=START + number * SECOND,
                alert_id=AlertId(f"n{number}"),
                end=AlertEnd.EXPIRED,
                option="safe",
                by="",
            )
        )

    view = book.history()
    assert view.ended == count
    assert len(view.rows) == min(count, HISTORY_KEPT)
    assert [row.title for row in view.rows[:2]] == [
        f"title of n{number}" for number in range(count - 1, max(-1, count - 3), -1)
    ]


# ---- exactly one end ---------------------------------------------------------------------------


class Desk(RuleBasedStateMachine):
    """Two cockpits, a clock, a journal and restarts at random, against a plain count of ends."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.book = AlertBook()
        self.journal: list[AlertRaised | AlertEnded] = []
        self.deadlines: dict[AlertId, int | None] = {}
        self.ends: dict[AlertId, list[AlertEnded]] = {}
        self.serial = 0

    def take(self, fact: AlertRaised | AlertEnded) -> None:
        """Apply and journal, as one step does."""
        self.journal.append(fact)
        if isinstance(fact, AlertRaised):
            self.book.raised(fact)
        else:
            self.book.ended(fact)
            self.ends[fact.alert_id].append(fact)

    @rule(
        secs=st.one_of(st.none(), st.integers(1, 40)),
        severity=st.sampled_from(list(Severity)),
        title=st.sampled_from(["", "", "", "x", "y"]),
    )
    def raise_one(self, secs: int | None, severity: Severity, title: str) -> None:
        """A cause appears."""
        self.serial += 1
        made = alert(f"n{self.serial}", at=self.at, secs=secs, severity=severity, title=title)
        before = set(self.deadlines)
        self.take(AlertRaised(at=self.at, alert=made))
        if self.book.find(made.alert_id) is not None:
            assert made.alert_id not in before
            self.deadlines[made.alert_id] = made.deadline
            self.ends[made.alert_id] = []

    @rule(
        number=st.integers(1, 40),
        option=st.sampled_from(["safe", "bold", "none"]),
        typed=st.sampled_from(["", "100"]),
        cockpits=st.sampled_from([("one",), ("one", "two"), ("two", "one")]),
    )
    def answer(self, number: int, option: str, typed: str, cockpits: tuple[str, ...]) -> None:
        """One or two cockpits choose."""
        alert_id = AlertId(f"n{number}")
        for cockpit in cockpits:
            command = AnswerAlert(alert_id=alert_id, option=option, typed=typed)
            if self.book.refusal(command, self.at) is None:
                assert option != "none"
                assert option != "bold" or typed == "100"
                self.take(
                    AlertEnded(
                        at=self.at,
                        alert_id=alert_id,
                        end=AlertEnd.ANSWERED,
                        option=option,
                        by=cockpit,
                    )
                )

    @rule(number=st.integers(1, 40))
    def resolve(self, number: int) -> None:
        """The cause goes away."""
        ended = self.book.resolved(AlertId(f"n{number}"), self.at, "matched")
        if ended is not None:
            self.take(ended)

    @rule(secs=st.integers(0, 25))
    def pass_time(self, secs: int) -> None:
        """Timers fire: what is due takes its default."""
        self.at += secs * SECOND
        self.expire()

    @rule(secs=st.integers(0, 60))
    def restart(self, secs: int) -> None:
        """Nothing runs for a while; the journal alone rebuilds, and what is overdue ends."""
        before = self.book.view(self.at)
        history = self.book.history()
        self.book = AlertBook()
        for fact in self.journal:
            if isinstance(fact, AlertRaised):
                self.book.raised(fact)
            else:
                self.book.ended(fact)
        assert self.book.view(self.at) == before
        assert self.book.history() == history
        self.at += secs * SECOND
        self.expire()

    def expire(self) -> None:
        """Let every alert past its deadline take its default."""
        for alert_id in self.book.open_ids(""):
            ended = self.book.expired(alert_id, self.at)
            if ended is not None:
                self.take(ended)

    @invariant()
    def each_alert_ends_once_and_safely(self) -> None:
        """Open, or ended exactly once; nothing overdue is open; no deadline chose a risk."""
        for alert_id, ends in self.ends.items():
            deadline = self.deadlines[alert_id]
            is_open = self.book.find(alert_id) is not None
            assert len(ends) + is_open == 1
            if is_open and deadline is not None:
                assert deadline > self.at
            for end in ends:
                assert end.end is not AlertEnd.EXPIRED or end.option == "safe"
                if end.end is AlertEnd.ANSWERED:
                    assert deadline is None or end.at < deadline


TestDesk = Desk.TestCase
