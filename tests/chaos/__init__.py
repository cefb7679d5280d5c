"""What happens to operations when things break, on the whole running stack: `make chaos`, and shorter in `make test`."""
