"""Starting points for players and Coworlds. What is under ``templates`` is written out, never imported."""
