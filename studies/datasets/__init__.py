"""How the shipped data are made."""
