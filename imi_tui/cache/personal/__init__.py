"""What an officer keeps on this machine only."""
