"""Tags for the templates of every page."""
