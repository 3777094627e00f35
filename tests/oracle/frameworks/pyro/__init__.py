"""Stand-in for Pyro."""
