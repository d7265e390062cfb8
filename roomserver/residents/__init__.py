"""Members: their numbers, who they are, how they join and come back, what they draw, what is told them."""
