"""Textual adapted: its compositor, timers, bindings, toasts, and what a full disk or a closing screen would break."""
