"""State built from market events: order books, tape, candles, tickers. No venue's name, no I/O."""
