"""Stand-in for ignite."""
