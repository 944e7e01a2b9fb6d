"""The engine of Wingman: everything that decides, and its rims. Knows no screen."""
