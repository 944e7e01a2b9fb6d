"""How a person's wish is answered: accepted or refused, in one sentence."""

from core.domain.intent import Denied
from core.domain.reaction import NOTHING, Reaction
from core.risk.room import denial_text

Answer = tuple[bool, str, Reaction]
"""Whether it is accepted, the receipt, and what follows."""


def refused(text: str) -> Answer:
    """Refuse, changing nothing."""
    return False, text, NOTHING


def denial(denied: Denied) -> str:
    """Word the gate's refusal with its rule."""
    return f"{denied.rule} {denial_text(denied)}"
