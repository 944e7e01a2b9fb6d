"""The words every room shares: values, ids, events, facts, effects, views. No I/O, no clock."""
