"""What the server said, taken over into `cache.db`."""
