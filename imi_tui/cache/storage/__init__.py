"""The encrypted files themselves: opening, locking, transactions, migrations, the key."""
