"""IMI for the terminal: the case officer's client."""

__version__ = "0.1.0"
