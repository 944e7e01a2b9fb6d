"""Numbers from state: depth, flow, trend, cross-market. Pure, no I/O, knows the domain only."""
