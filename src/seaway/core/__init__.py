"""What decides: plain functions over frozen values, no I/O, no clock, no environment."""
