"""What the API and the pages share: sessions, limits, one-time links, problem details."""
