"""Stand-in for Megatron."""
