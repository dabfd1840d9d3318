"""Meshes: read, made in a box, checked, located; every one numbered along a Hilbert curve."""
