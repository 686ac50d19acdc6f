"""Coworld data: manifests, episode requests, results, bundles, environment names, validation."""
