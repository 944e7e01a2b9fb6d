"""How to speak with venues: one folder a venue, and the contract they share."""
