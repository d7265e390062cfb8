"""What is done with all that is stored: backup and restore, another key, an end to what is too old."""
