"""What curves and traces say, as numbers and tables: nothing here draws or judges."""
