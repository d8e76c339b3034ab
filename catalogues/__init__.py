"""The catalogues of translations: extracting texts, carrying them into 24 languages, checking and compiling them.

Part of the source tree, not of what is installed: client and server only read the compiled files.
"""
