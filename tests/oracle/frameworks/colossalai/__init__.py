"""Stand-in for ColossalAI."""
