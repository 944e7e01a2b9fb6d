"""The cockpit: draws frames the engine answers with, and sends commands. Holds no truth."""
