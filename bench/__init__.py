"""Measurements: every figure is a ratio against a named peer or limit, measured in turn in the same run."""
