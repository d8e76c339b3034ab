"""Finding cases by a search line."""
