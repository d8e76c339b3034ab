"""Procedures, officers and the register of authorities: what is here, and finding in it."""
