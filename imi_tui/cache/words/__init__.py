"""Words as people type them: in another alphabet, with slips, and in groups."""
