"""The suite. Doors are tested through HTTP and sockets, drivers against the simulator, all on real servers."""
