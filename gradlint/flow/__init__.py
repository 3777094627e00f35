"""Graphs of events and the solver over them."""
