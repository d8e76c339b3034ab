"""One action for thousands of marked cases."""
