"""Sign-in: our own authorization server, and who a bearer token belongs to."""
