"""The command line, `chaperone …`."""
