"""A game and a player that misbehave on request, and what a test needs to launch them."""
