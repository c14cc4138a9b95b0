"""Where the desk speaks HTTP: one file for each thing that an editor asks for."""
