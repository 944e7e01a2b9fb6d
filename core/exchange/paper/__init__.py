"""An account on paper: orders matched here against a venue's public data. No key, no signer."""
