"""Exploring the incidents: the page, the widgets of the notebook, exports for other tools."""
