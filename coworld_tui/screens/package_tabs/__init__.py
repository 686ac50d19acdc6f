"""The tabs of the manifest screen, each built from a package without a screen."""
