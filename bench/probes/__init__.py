"""The paper's analyses, on top of stations 1 to 4. Importing a probe loads no torch; running one does."""
