"""Stand-in for Opacus."""
