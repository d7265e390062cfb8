"""What the server keeps, why, and how long: the database, its tables and their history, what is sealed."""
