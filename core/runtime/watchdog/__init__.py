"""The watchdog: a process of its own that can only query and cancel.

It kills (K2) when the engine falls silent, stands still, or no longer reaches the venue.
"""
