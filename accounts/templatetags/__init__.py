"""What templates may ask for about people."""
