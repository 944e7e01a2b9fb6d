"""Every other exchange through the ccxt library (extra `ccxt`), which is imported when needed.

Market data of any of them; orders only where a conformance run of ours proved what that takes.
"""
