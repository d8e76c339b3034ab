"""Filling the register from files of others."""
