"""Every labelled crash point, and the life that reaches it."""

from typing import Final

from core.runtime import crash
from core.trading.journal.store import AFTER_COMMIT, MID_BATCH
from tests.crash.cycles import Point

TRADING: Final = (
    Point(label=crash.BEFORE_JOURNAL, count=30),
    Point(label=MID_BATCH, count=30),
    Point(label=AFTER_COMMIT, count=30),
    Point(label="before:OrderJournaled", count=3),
    Point(label="after:OrderJournaled", count=3),
    Point(label=crash.AFTER_JOURNAL, count=3),
    Point(label=crash.AFTER_SEND, count=3),
    Point(label="heard:OrderBytesLeft", count=3),
    Point(label="after:OrderSent", count=3),
    Point(label=crash.AFTER_ANSWER, count=3),
    Point(label="heard:OrderReport", count=5),
    Point(label="before:OrderMoved", count=4),
    Point(label="after:OrderMoved", count=4),
    Point(label="before:FillBooked", count=3),
    Point(label="after:FillBooked", count=3),
    Point(label="before:CashBooked", count=6),
    Point(label="after:CashBooked", count=6),
)
CANCELLING: Final = (
    Point(label="before:CancelAsked"),
    Point(label="after:CancelAsked"),
    Point(label=crash.CANCEL_SENT),
    Point(label=crash.CANCEL_ANSWERED),
    Point(label="heard:CancelAnswered"),
    Point(label="before:MoveAsked"),
    Point(label="after:MoveAsked"),
    Point(label="before:MoveEnded"),
    Point(label="after:CloseAsked"),
)
DECIDING: Final = (
    Point(label="before:AlertRaised"),
    Point(label="after:AlertRaised"),
    Point(label="before:AlertEnded"),
    Point(label="after:AlertEnded"),
    Point(label="before:LimitsChanged"),
    Point(label="after:LimitsChanged"),
)
RECOVERING: Final = tuple(
    Point(label=label, count=count, is_recovery=True)
    for label, count in (
        (crash.AFTER_LOCK, 1),
        (crash.AFTER_REPLAY, 1),
        ("before:RunStarted", 1),
        ("after:RunStarted", 1),
        ("heard:QueryAnswered", 1),
        ("heard:QueryAnswered", 4),
        ("before:Reconciled", 1),
        ("after:Reconciled", 1),
    )
)
KILLING: Final = tuple(
    Point(label=label, wish="kill", busy_secs=1.0)
    for label in (
        crash.KILL_ASKED,
        crash.KILL_LATCHED,
        "before:KillTripped",
        "after:KillTripped",
        "kill-cancel-sent",
        "kill-cancel-answered",
        "heard:KillMoved",
    )
)
LEAVING: Final = tuple(
    Point(label=label, wish="exit", busy_secs=1.0)
    for label in (crash.EXIT_ASKED, crash.EXIT_CANCELLED, crash.EXIT_COMPARED)
)
POINTS: Final = (*TRADING, *CANCELLING, *DECIDING, *RECOVERING, *LEAVING, *KILLING)

FEW: Final = (
    Point(label=crash.AFTER_JOURNAL, count=2),
    Point(label=crash.AFTER_SEND, count=2),
    Point(label="before:FillBooked"),
    Point(label="heard:QueryAnswered", is_recovery=True),
)
"""What the default suite dies at."""
