"""Fixtures run under real PyTorch: the linter's verdict has to be what happens."""
