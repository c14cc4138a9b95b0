"""FOR A TERMINAL: what each command does. app/cli.py lists them; app/terminal.py prints."""
