"""The rows that lists are read from: kept true, ordered, grouped."""
