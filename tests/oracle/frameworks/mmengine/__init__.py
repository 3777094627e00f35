"""Stand-in for mmengine."""
