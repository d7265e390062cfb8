"""Those who answer for the room: their accounts and roles, what they did, and what they need to see."""
