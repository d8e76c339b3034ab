"""Contents of cases and the full-text index over them."""
