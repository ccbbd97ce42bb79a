"""The pages that readers open: leaving a list, an edition in the browser, pictures."""
