"""Whether trained inverters may multiply in bfloat16: the measurement and what it found."""
