"""gradlint: the PyTorch gradient-hygiene linter."""

__version__ = "0.1.0"
