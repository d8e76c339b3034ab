"""From a draft to an entry of the outbox, and from there to the server."""
