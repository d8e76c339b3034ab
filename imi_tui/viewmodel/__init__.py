"""What screens show, worked out without Textual."""
