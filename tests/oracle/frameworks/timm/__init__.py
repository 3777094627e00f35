"""Stand-in for timm."""
