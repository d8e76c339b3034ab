"""A believable Europe to try things in: real public names, invented people, undertakings and cases."""
