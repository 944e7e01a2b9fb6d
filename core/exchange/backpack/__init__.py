"""Backpack Exchange: spot and perpetual markets, public data, orders and account."""
