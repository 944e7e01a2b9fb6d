"""Hyperliquid: public market data, and the fills and positions of any wallet. It cannot trade."""
