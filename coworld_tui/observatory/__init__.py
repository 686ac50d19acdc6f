"""The hosted side: who we are there, what it answers, and what is kept of it for offline reading."""
