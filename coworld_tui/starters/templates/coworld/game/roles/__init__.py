"""Supporting roles: one-shot programs that read an episode and write what they make of it."""
