"""Attached files on this machine, sealed, and on their way."""
