"""How the files of the shipped zoo are made."""
