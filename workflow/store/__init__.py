"""What is kept on the disk: run folders, the reference of their digests, whole files, locks."""
