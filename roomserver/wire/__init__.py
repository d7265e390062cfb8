"""What doors and server tell each other: rows, commands, rules, and how they travel (PROTOCOL §3, §4)."""
