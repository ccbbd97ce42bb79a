"""The worker: does what is due, for as long as it runs; by itself, or in a thread beside the web pages."""
