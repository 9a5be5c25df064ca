"""What is decided about a team, not about contacts: its keys, its policy, its members."""
