"""Stand-in for torch/xla."""
