"""Handing files out of the client: into a folder, to another program, as text on the screen."""
