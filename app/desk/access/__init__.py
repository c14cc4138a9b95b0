"""WHO MAY: keys, roles, permissions, and what every operation of the desk asks of a request first."""
