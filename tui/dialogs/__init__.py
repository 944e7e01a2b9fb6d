"""Questions that need no live prices."""
