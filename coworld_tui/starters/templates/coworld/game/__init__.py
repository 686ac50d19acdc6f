"""Orchard: two pickers carry apples to their barns. The game server, its rules and the supporting roles."""
