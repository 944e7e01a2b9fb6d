"""Orders of a person: tickets, cancels by scope, moves, closings in slices, and their views."""
