"""What the Snakefile asks: the config, the cells and jobs it means, and how they are doing."""
