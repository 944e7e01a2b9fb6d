"""The one gate, limits, alerts and confirmations, trading state and kill switch."""
