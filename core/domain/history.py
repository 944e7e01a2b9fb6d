"""What is said of a journal that does not hold everything that happened."""

from typing import Final

HISTORY_INCOMPLETE: Final = "history incomplete"
"""Cause of the hold under which an account only reduces until a person has looked at its books."""
