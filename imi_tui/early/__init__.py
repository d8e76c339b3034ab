"""The inbox before the framework is loaded."""
