"""Values to text, runs and colour roles. Pure: no app, no widget, no clock."""
