"""Everything around a run: corpora, figures, the report and the command line."""
