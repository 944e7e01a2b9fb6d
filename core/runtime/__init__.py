"""The Desk and its rims: clock, inbox, runner, link, config, logging, wiring."""
