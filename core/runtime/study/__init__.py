"""What analysis needs of each market somebody looks at, and the light views built from it."""
