"""The rules of IMI: pure types and functions shared by the terminal client and the central server.

Nothing here does input or output, keeps state, or imports `imi_central`, `imi_tui` or a framework.
"""
