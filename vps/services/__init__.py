"""The verbs. Each is one transaction and its events; whoever acts is named. Doors call them; they call no door."""
