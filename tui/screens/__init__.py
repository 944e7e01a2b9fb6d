"""Composition of widgets and their wiring to the engine."""
