"""What is on the screen: one widget a file, fed by `show(view)`."""
