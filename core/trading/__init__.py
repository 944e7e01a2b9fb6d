"""Orders, fills, the ledger, the journal and the comparison with the venue."""
