"""Binance: public market data of spot and USD-M futures. Nothing here can trade."""
