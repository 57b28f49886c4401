"""What changes is seen at once: sockets, their tickets, and the stream of each practice's changes."""
