"""Certification and the supporting roles: what is done with a package and with its episodes."""
