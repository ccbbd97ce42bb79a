"""The pictures of the imaginary organisation in `examples/`, drawn by code."""
