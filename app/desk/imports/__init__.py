"""MANY AT ONCE: files of records are read, planned, shown and committed. The seed is loaded here too."""
