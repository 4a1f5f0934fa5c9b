"""How updates are made of statistics: `keep` and `gain`. One file a rule."""
