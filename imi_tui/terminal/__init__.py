"""The terminal: what it sends, what stands on it, and what is written to it."""
