"""``python -m helpers.running``: the command ``brief`` where its script is not on the path."""

from helpers.running.start import main

main()
