"""What templates may ask for beside their context."""
