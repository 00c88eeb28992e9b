"""Experiments and maintainers' tools; not part of the wheel."""
