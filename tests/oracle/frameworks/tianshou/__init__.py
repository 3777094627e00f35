"""Stand-in for tianshou."""
