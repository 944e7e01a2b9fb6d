"""The kill switch: latch, cancelling machine, its own thread, and what the Desk knows of it."""
