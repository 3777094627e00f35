"""From lowered files to findings."""
