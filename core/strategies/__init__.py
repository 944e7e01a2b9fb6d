"""Decisions: what a strategy is, and the strategies that come with Wingman."""
