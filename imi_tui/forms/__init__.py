"""Forms and new cases being written. No Textual."""
