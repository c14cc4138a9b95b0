"""SQLite and PostgreSQL: connections with time limits, how each tells of a commit, and what its errors mean."""
