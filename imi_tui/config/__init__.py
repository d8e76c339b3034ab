"""The officer's settings, keys and themes, and where each comes from."""
