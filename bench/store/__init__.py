"""What lies on the disk: records, arrays, how they are written and how they are read."""
