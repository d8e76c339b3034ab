"""Drafts and entries on their way to the server, as `work.db` keeps them."""
