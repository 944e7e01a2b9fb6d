"""Copying a leader's fills."""

from core.strategies.copy_trade.fixed_ratio import CopyTrade, CopyTradeParameters

__all__ = ["CopyTrade", "CopyTradeParameters"]
