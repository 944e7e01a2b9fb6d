"""Binance: public market data of spot, USD-M and COIN-M futures. Nothing here can trade."""
