"""Where scripts that were installed before look for the command line."""

from helpers.running import main as main
