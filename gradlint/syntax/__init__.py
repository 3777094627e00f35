"""From source text to graphs of events: the only package that imports libcst."""
